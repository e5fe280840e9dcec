// Backups under load, and what a restore makes of them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Load } from './support/load';
import { Json, Server, arbiter, eventually, temporaryDirectory } from './support/server';

const place = temporaryDirectory();
const backup = join(place, 'backup');
const elsewhere = join(place, 'elsewhere');

describe('backup and restore', () => {
  const servers: Server[] = [];
  after(() => Promise.all(servers.map((server) => server.stop())));
  const start = async (options: Json = {}) => (servers.push(await Server.start(options)), servers[servers.length - 1]!);
  const run = (args: string[], status = 0): Promise<{ stdout: string; stderr: string }> =>
    arbiter(args).then((done) => (assert.equal(done.status, status, done.stderr + done.stdout), done));

  let server: Server;
  let held: { task: Json; lease: string };
  let before: string[];
  let lostPosition = 0;

  it('a backup is made while the server works', async () => {
    server = await start();
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'held', type: 'slow' });
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'slow', capabilities: ['slow'] });
    held = (await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'slow', leaseMs: 3_600_000 })).leases[0];
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'of-team', type: 'echo' }, { headers: { 'Arbiter-Namespace': 'team' } });
    const load = new Load(server);
    await eventually('some work is done', async () => load.acknowledged.length > 100);
    before = [...load.acknowledged];
    const made = JSON.parse((await run(['--data', server.data, 'backup', backup, '-o', 'json'])).stdout);
    assert.deepEqual(made.namespaces.map((one: Json) => one.name), ['system', 'default', 'team']);
    const during = load.acknowledged.length;
    await eventually('work goes on', async () => load.acknowledged.length > during + 20);
    await load.stop();
    const last = await server.expect(200, 'GET', '/api/v1/status');
    lostPosition = last.namespaces.find((one: Json) => one.name === 'default').head;
    assert.ok(lostPosition > made.namespaces[1].position);
    await server.kill();
    await run(['restore', backup, '--check']);
  });

  it('and holds everything that was acknowledged before it began', async () => {
    const restored = JSON.parse((await run(['--data', elsewhere, 'restore', backup, '-o', 'json'])).stdout);
    assert.ok(restored.namespaces[1].leasesReturned >= 1);
    const second = await start({ data: elsewhere });
    for (const id of before) await second.expect(200, 'GET', `/api/v1/tasks/${id}`);
    await second.expect(200, 'GET', '/api/v1/tasks/of-team', undefined, { headers: { 'Arbiter-Namespace': 'team' } });
    await second.expect(200, 'GET', '/api/v1/tasks', undefined, { token: server.token });
  });

  it('leases from before are refused, also by the number', async () => {
    const second = servers[1]!;
    assert.equal((await second.expect(200, 'GET', '/api/v1/tasks/held')).state, 'queued');
    const stale = await second.expect(409, 'POST', '/api/v1/tasks/held/complete', { lease: held.lease });
    assert.equal(stale.code, 'stale_lease');
    const again = (await second.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'slow' })).leases[0];
    assert.equal(again.task.id, 'held');
    assert.ok(Number(again.lease) > lostPosition + 1_000_000);
    assert.equal(again.task.attempt, held.task.attempt, 'the interruption does not count');
    const late = await second.expect(409, 'POST', '/api/v1/tasks/held/complete', { lease: held.lease });
    assert.equal(late.code, 'stale_lease');
    await second.expect(200, 'POST', '/api/v1/tasks/held/complete', { lease: again.lease });
  });

  it('a subscriber that has seen lost events is told so', async () => {
    const second = servers[1]!;
    const gone = await second.expect(410, 'GET', `/api/v1/events?after=${lostPosition}`);
    assert.equal(gone.code, 'history_truncated');
    assert.match(gone.detail, /restored from a backup/);
    const stream = await second.call('GET', `/api/v1/events/stream?after=${lostPosition}`);
    assert.equal(stream.status, 410, stream.text);
    const restored = await second.expect(200, 'GET', '/api/v1/events?types=SERVER.RESTORED.SUCCESS');
    assert.equal(restored.items.length, 1);
  });

  it('a running server, present data and broken backups are refused, and nothing is touched', async () => {
    const second = servers[1]!;
    assert.match((await run(['--data', elsewhere, 'restore', backup, '--replace'], 4)).stderr, /in use/);
    assert.equal(await second.terminate(), 0);
    assert.match((await run(['--data', elsewhere, 'restore', backup], 4)).stderr, /--replace/);
    const file = join(backup, 'namespaces', 'team.db');
    const whole = readFileSync(file);
    truncateSync(file, whole.length - 1_000);
    const broken = await arbiter(['--data', elsewhere, 'restore', backup, '--replace']);
    assert.notEqual(broken.status, 0);
    assert.match(broken.stderr, /team\.db is damaged: it has \d+ bytes/);
    assert.match((await arbiter(['--data', join(place, 'new'), 'restore', backup])).stderr, /damaged/);
    assert.ok(!existsSync(join(place, 'new')));
    writeFileSync(file, whole);
    const replaced = JSON.parse((await run(['--data', elsewhere, 'restore', backup, '--replace', '-o', 'json'])).stdout);
    assert.ok(existsSync(join(replaced.replaced, 'default.db')));
    await second.start();
    assert.equal((await second.expect(200, 'GET', '/api/v1/tasks/held')).state, 'queued');
  });
});
