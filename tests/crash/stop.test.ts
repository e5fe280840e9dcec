// Workers that stand still past their lease, and workers that are killed: the task goes on elsewhere, and nothing that
// they started is left.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { acted, complete, historyOf, lease, problem, reaches, stateOf, submit, taskOf, worker } from '../e2e/support/api';
import { Command } from '../e2e/support/process';
import { Json, Server, eventually, temporaryDirectory } from '../e2e/support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const RETRY = { maxAttempts: 5, backoffMs: 10 };

// A worker whose program says that it has begun and ends when the file `go` is there.
function patient(type: string): { command: Command; directory: string } {
  const directory = temporaryDirectory();
  const program = 'echo $$ > begun; while ! test -e go; do sleep 0.05; done; echo \'"mine"\'';
  const command = Command.against(server, ['worker', 'run', '--name', type, '--capability', type, '--lease', '2s', '--directory', directory, '--exec', program]);
  return { command, directory };
}

// Takes the task for another worker as soon as its lease has run out.
async function takeOver(type: string, id: string): Promise<Json> {
  await worker(server, `${type}-other`, { capabilities: [type] });
  const [held] = await eventually('the task is free', async () => {
    const leases = await lease(server, `${type}-other`, { waitMs: 1_000, leaseMs: 60_000 });
    return leases.length > 0 && leases;
  }, 30_000);
  assert.equal(held!.task.id, id);
  return held;
}

describe('a worker that stands still past its lease', { concurrency: 5 }, () => {
  it('finds its lease gone: the program that still runs is killed', async () => {
    const { command, directory } = patient('still');
    await submit(server, { id: 'still-1', type: 'still', retry: RETRY });
    await eventually('the program runs', async () => existsSync(join(directory, 'begun')));
    command.signal('SIGSTOP');
    const held = await takeOver('still', 'still-1');
    const program = Number(readFileSync(join(directory, 'begun'), 'utf8'));
    process.kill(program, 0); // It ran on all the while.
    command.signal('SIGCONT');
    await eventually('only the worker is left', async () => command.family().length === 1);
    assert.equal(await stateOf(server, 'still-1'), 'running');
    await complete(server, held as never, 'theirs');
    assert.equal((await taskOf(server, 'still-1')).result, 'theirs');
    assert.equal(await command.end('SIGTERM'), 0);
    await command.gone();
  });

  it('reports too late: the report is refused as stale and changes nothing', async () => {
    const { command, directory } = patient('late');
    await submit(server, { id: 'late-1', type: 'late', retry: RETRY });
    await eventually('the program runs', async () => existsSync(join(directory, 'begun')));
    const old = (await historyOf(server, 'late-1')).at(-1).data.lease;
    command.signal('SIGSTOP');
    const held = await takeOver('late', 'late-1');
    writeFileSync(join(directory, 'go'), '');
    const program = Number(readFileSync(join(directory, 'begun'), 'utf8'));
    await eventually('the program has ended', async () => !command.family().includes(program), 10_000);
    command.signal('SIGCONT');
    // What it reports is what anybody gets who reports under the old lease.
    problem(await server.call('POST', '/api/v1/tasks/late-1/complete', { lease: String(old), result: 'mine' }), 409, 'stale_lease');
    await eventually('the worker knows', async () => /late-1/.test(command.stderr));
    assert.equal(await stateOf(server, 'late-1'), 'running');
    await acted(server, held as never, 'progress', { percent: 1 });
    await complete(server, held as never, 'theirs');
    assert.equal((await taskOf(server, 'late-1')).result, 'theirs');
    const leases = (await historyOf(server, 'late-1')).filter((e) => e.type === 'TASK.COMPLETED.SUCCESS').map((e) => String(e.data.lease));
    assert.deepEqual(leases, [held.lease]);
    assert.equal(await command.end('SIGTERM'), 0);
    await command.gone();
  });
});

describe('kill -9 of a worker', { concurrency: 5 }, () => {
  const program = 'setsid sh -c "setsid sleep 1000 & echo > deep; exec sleep 1000" & (trap "" TERM HUP INT; sleep 1000) & nohup sleep 1000 > /dev/null 2>&1 & wait';

  it('leaves no process behind, not even in sessions of their own, and its task is lost and counted', async () => {
    const directory = temporaryDirectory();
    const command = Command.against(server, ['worker', 'run', '--name', 'killed', '--capability', 'killed', '-j', '2', '--lease', '2s', '--directory', directory, '--exec', program]);
    await submit(server, { id: 'killed-1', type: 'killed', retry: { maxAttempts: 2, backoffMs: 60_000 } });
    await submit(server, { id: 'killed-2', type: 'killed', retry: { maxAttempts: 1 } });
    await eventually('two programs with all their children', async () => existsSync(join(directory, 'deep')) && command.family().length >= 13, 15_000);
    await command.end('SIGKILL');
    await command.gone();
    const lost = await reaches(server, 'killed-1', 'pending', 45_000);
    assert.ok(['lease_expired', 'worker_lost'].includes(lost.error.code), JSON.stringify(lost.error));
    assert.equal((await reaches(server, 'killed-2', 'failed', 45_000)).attempt, 1);
  });

  it('leaves nothing of `task exec` behind either', async () => {
    await worker(server, 'exec', { capabilities: ['exec'] });
    await submit(server, { id: 'exec-1', type: 'exec' });
    const [held] = await lease(server, 'exec');
    const directory = temporaryDirectory();
    const command = Command.against(server, ['task', 'exec', 'exec-1', '--lease', held!.lease, '--', 'sh', '-c', program], { cwd: directory });
    await eventually('the program with all its children', async () => existsSync(join(directory, 'deep')) && command.family().length >= 7, 15_000);
    await command.end('SIGKILL');
    await command.gone();
  });

  it('leaves no fresh directory behind', async () => {
    const workRoot = temporaryDirectory();
    const command = Command.against(server, ['worker', 'run', '--name', 'fresh', '--capability', 'fresh', '--workdir', 'fresh', '--work-root', workRoot, '--exec', 'echo > file; pwd > "$MARKER"; sleep 1000'],
      { env: { MARKER: join(temporaryDirectory(), 'where') } });
    await submit(server, { id: 'fresh-1', type: 'fresh', retry: RETRY });
    await reaches(server, 'fresh-1', 'running');
    const directories = (): string[] => (readdirSync(workRoot, { recursive: true }) as string[]).filter((name) => name.endsWith('file'));
    await eventually('the program has a directory', async () => directories().length === 1);
    await command.end('SIGKILL');
    await command.gone();
    await eventually('the directory is gone', async () => directories().length === 0);
  });
});
