// A disk that is full: changes are refused, nothing acknowledged is lost, and the server goes on when space is back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { complete, leaseOne, problem, submit, taskOf, worker } from '../e2e/support/api';
import { Server, eventually, temporaryDirectory } from '../e2e/support/server';

const root = process.getuid!() === 0;

// Runs `test` on a small file system of its own.
async function onSmallDisk(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', directory]);
  try {
    await test(directory);
  } finally {
    execFileSync('umount', ['-l', directory]);
  }
}

// Submits until the server takes no more; what it took.
async function fill(server: Server, prefix: string): Promise<string[]> {
  const taken: string[] = [];
  const payload = 'x'.repeat(300_000);
  for (let n = 0; n < 2_000; n++) {
    const id = `${prefix}-${n}`;
    const answer = await server.call('POST', '/api/v1/tasks', { id, type: 'big', payload });
    if (answer.status === 201) {
      taken.push(id);
      continue;
    }
    problem(answer, 503, 'store_unavailable');
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
    return taken;
  }
  throw new Error('the disk never got full');
}

describe('full disk', { skip: root ? false : 'mounting a small file system needs root' }, () => {
  it('has a reserve, in which what is under way can end', async () => {
    await onSmallDisk(async (directory) => {
      const data = join(directory, 'data');
      mkdirSync(data);
      const server = await Server.start({ data, flags: ['--limits-disk-reserve-bytes', String(20 * 1024 * 1024)] });
      await worker(server, 'small', { capabilities: ['small'] });
      await submit(server, { id: 'small-1', type: 'small' });
      const held = await leaseOne(server, 'small');
      const ballast = join(directory, 'ballast');
      writeFileSync(ballast, Buffer.alloc(14 * 1024 * 1024, 1));
      const refused = await eventually('new work is refused', async () => {
        const answer = await server.call('POST', '/api/v1/tasks', { type: 'small' });
        return answer.status !== 201 && answer;
      });
      problem(refused, 503, 'no_space');
      assert.equal(refused.headers['retry-after'], '5');
      assert.match((await server.call('GET', '/metrics')).text, /^arbiter_disk_reserve_reached 1$/m);
      assert.equal((await server.expect(200, 'GET', '/health')).status, 'degraded');
      await complete(server, held, 'done');
      rmSync(ballast);
      await eventually('new work is taken again', async () => (await server.call('POST', '/api/v1/tasks', { type: 'small' })).status === 201);
      await server.kill();
    });
  });

  it('refuses with store_unavailable, resumes by itself, loses nothing', async () => {
    await onSmallDisk(async (directory) => {
      const data = join(directory, 'data');
      mkdirSync(data);
      const ballast = join(directory, 'ballast');
      writeFileSync(ballast, Buffer.alloc(10 * 1024 * 1024, 1));
      const reserve = join(directory, 'reserve');
      writeFileSync(reserve, Buffer.alloc(4 * 1024 * 1024, 1));
      const server = await Server.start({ data, flags: ['--limits-disk-reserve-bytes', '0'] });
      await worker(server, 'small', { capabilities: ['small'] });
      await submit(server, { id: 'small-1', type: 'small' });
      const held = await leaseOne(server, 'small');
      const taken = await fill(server, 'first');
      assert.ok(taken.length > 3, String(taken.length));

      // While it lasts: still refused, still alive, and what was taken can be read.
      problem(await server.call('POST', '/api/v1/tasks', { type: 'big', payload: 'x'.repeat(300_000) }), 503, 'store_unavailable');
      await server.expect(200, 'GET', '/livez');
      await server.expect(200, 'GET', '/metrics');

      rmSync(ballast);
      await eventually('changes are taken again', async () => (await server.call('POST', '/api/v1/tasks', { id: 'after', type: 'small' })).status < 300, 30_000);
      await complete(server, held, 'done'); // The lease went on.
      for (const id of taken) assert.equal((await taskOf(server, id)).state, 'queued', id);

      const more = await fill(server, 'second');
      await server.kill(); // Full, and then the power goes: it does not come up before there is space, and says so.
      await assert.rejects(server.start(), /ended with 6.*full/s);
      rmSync(reserve);
      await server.start();
      for (const id of [...taken, ...more]) assert.equal((await taskOf(server, id)).state, 'queued', id);
      assert.deepEqual((await taskOf(server, 'small-1')).result, 'done');
      await server.kill();
    });
  });
});
