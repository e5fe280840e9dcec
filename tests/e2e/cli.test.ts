// The command line: every noun and verb once, exit codes by kind of error, programs as workers, whole jobs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ended, reaches, stateOf, submit, submitBatch, taskOf } from './support/api';
import { Command } from './support/process';
import { BINARY, CommandResult, Json, Server, arbiter, eventually, temporaryDirectory } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

type Options = { input?: string; env?: Record<string, string> };

async function cli(status: number, arguments_: string[], options: Options = {}): Promise<CommandResult> {
  const result = await server.cli(arguments_, options);
  assert.equal(result.status, status, `arbiter ${arguments_.join(' ')} exited with ${result.status}\n${result.stdout}\n${result.stderr}`);
  return result;
}

// With -o json, what stdout holds.
async function json(arguments_: string[], options: Options = {}): Promise<Json> {
  return JSON.parse((await cli(0, ['-o', 'json', ...arguments_], options)).stdout);
}

describe('commands', () => {
  it('explain themselves', async () => {
    const help = (await arbiter(['--help'])).stdout;
    for (const noun of ['serve', 'run', 'worker', 'task', 'queue', 'events', 'namespace', 'config', 'bench', 'version']) assert.match(help, new RegExp(`\\b${noun}\\b`));
    const verbs: Json = {
      task: ['submit', 'batch', 'list', 'show', 'watch', 'wait', 'cancel', 'retry', 'logs', 'history', 'graph', 'lease', 'start', 'progress', 'log', 'complete', 'fail', 'release', 'extend', 'exec'],
      worker: ['run', 'list', 'show', 'drain', 'register', 'heartbeat'], queue: ['list', 'show', 'pause', 'resume'], events: ['tail', 'query'], config: ['show', 'check'], namespace: ['list', 'create'],
    };
    for (const [noun, list] of Object.entries(verbs)) {
      for (const verb of list as string[]) {
        const result = await arbiter([noun, verb, '--help']);
        assert.equal(result.status, 0, `${noun} ${verb}`);
        assert.ok(result.stdout.length > 50, `${noun} ${verb}`);
      }
    }
    assert.equal((await arbiter([])).status, 2);
    assert.equal((await arbiter(['task', 'explode'])).status, 2);
  });

  it('version needs no server and names the one that runs', async () => {
    assert.equal((await arbiter(['version'], { env: { ARBITER_URL: 'http://127.0.0.1:1' } })).status, 0);
    const versions = await json(['version']);
    assert.ok(versions.client && versions.server);
  });

  it('task submit, show, list, batch, graph, history', async () => {
    const task = await json(['task', 'submit', 'build', '--id', 'cli-1', '--payload', '{"n":1}', '--priority', 'high', '--tag', 'cli', '--timeout', '10m', '--max-attempts', '2', '--metadata', '{"a":"b"}', '--capability', 'gcc', '--label', 'zone=a']);
    assert.deepEqual([task.id, task.state, task.priority, task.timeoutMs, task.maxAttempts, task.requirements], ['cli-1', 'queued', 8, 600_000, 2, { capabilities: ['gcc'], labels: { zone: 'a' } }]);
    assert.match((await cli(0, ['task', 'show', 'cli-1'])).stdout, /cli-1/);
    assert.equal((await json(['task', 'show', 'cli-1'])).payload.n, 1);
    const lines = '{"id":"cli-b2","type":"build","dependsOn":["cli-b1"],"tags":["cli"]}\n\n{"id":"cli-b1","type":"build","tags":["cli"]}\n';
    assert.deepEqual((await json(['task', 'batch', '-'], { input: lines })).tasks.map((t: Json) => t.state), ['pending', 'queued']);
    const file = join(temporaryDirectory(), 'tasks.json');
    writeFileSync(file, JSON.stringify({ tasks: [{ id: 'cli-b3', type: 'build', tags: ['cli'] }] }));
    await cli(0, ['task', 'batch', file]);
    assert.deepEqual(new Set((await json(['task', 'list', '--tag', 'cli', '--all'])).items.map((t: Json) => t.id)), new Set(['cli-1', 'cli-b1', 'cli-b2', 'cli-b3']));
    assert.match((await cli(0, ['task', 'list', '--state', 'queued'])).stdout, /cli-b1/);
    assert.deepEqual((await json(['task', 'graph', 'cli-b1'])).order, ['cli-b1', 'cli-b2']);
    assert.equal((await json(['task', 'history', 'cli-1'])).items[0].type, 'TASK.SUBMITTED.SUCCESS');
    assert.match((await cli(0, ['task', 'history', 'cli-1'])).stdout, /TASK\.SUBMITTED/);
  });

  it('working on tasks by hand: lease, start, progress, log, extend, complete, fail, release', async () => {
    await json(['worker', 'register', 'me', '--capability', 'hand', '--max-concurrent', '10']);
    for (const n of [1, 2, 3]) await submit(server, { id: `hand-${n}`, type: 'hand', retry: { maxAttempts: 1 } });
    const { leases } = await json(['task', 'lease', '--worker', 'me', '--max', '3', '--no-start']);
    assert.deepEqual(leases.map((l: Json) => l.task.id), ['hand-1', 'hand-2', 'hand-3']);
    const on = (n: number): string[] => [`hand-${n}`, '--lease', leases[n - 1].lease];
    assert.equal((await json(['task', 'start', ...on(1)])).state, 'running');
    await cli(0, ['task', 'progress', ...on(1), '--percent', '40', '-m', 'half']);
    await cli(0, ['task', 'log', ...on(1), '--line', 'by flag']);
    await cli(0, ['task', 'log'], { input: 'by stdin\nand more\n', env: { ARBITER_TASK_ID: 'hand-1', ARBITER_LEASE: leases[0].lease } });
    await cli(0, ['task', 'extend', ...on(1), '--lease-time', '5m']);
    assert.match((await cli(0, ['task', 'logs', 'hand-1'])).stdout, /by flag\n.*by stdin\n.*and more\n/);
    assert.equal((await json(['task', 'complete', ...on(1), '--result', '{"ok":true}', '--quality', '0.5', '--usage', '{"tokens":7}'])).state, 'completed');
    assert.deepEqual(await taskOf(server, 'hand-1').then((t) => [t.result, t.qualityScore, t.usage]), [{ ok: true }, 0.5, { tokens: 7 }]);
    await cli(0, ['task', 'release', ...on(2), '--reason', 'busy']);
    assert.equal(await stateOf(server, 'hand-2'), 'queued');
    await cli(0, ['task', 'start', ...on(3)]);
    assert.equal((await json(['task', 'fail', ...on(3), '-m', 'no compiler', '--code', 'E7', '--details', '{"a":1}'])).state, 'failed');
    assert.equal((await json(['task', 'retry', 'hand-3'])).state, 'queued');
    await cli(4, ['task', 'complete', ...on(3)]);
    assert.equal((await json(['task', 'cancel', 'hand-2', '--reason', 'no'])).state, 'cancelled');
    await json(['worker', 'heartbeat', 'me']);
  });

  it('task wait and watch follow a task to its end', async () => {
    await json(['worker', 'register', 'waiter', '--capability', 'wait']);
    await submitBatch(server, [{ id: 'wait-1', type: 'wait' }, { id: 'wait-2', type: 'wait', retry: { maxAttempts: 1 } }]);
    const waiting = cli(0, ['task', 'wait', 'wait-1', '--timeout', '30s']);
    const watching = cli(1, ['task', 'watch', 'wait-2']);
    for (const [n, verb] of [[1, 'complete'], [2, 'fail']] as const) {
      const { leases } = await json(['task', 'lease', '--worker', 'waiter']);
      await cli(0, ['task', verb, `wait-${n}`, '--lease', leases[0].lease, ...(verb === 'fail' ? ['-m', 'broken'] : [])]);
    }
    await waiting;
    assert.match((await watching).stdout, /failed.*broken/s);
    await submit(server, { id: 'wait-3', type: 'nobody' });
    await cli(6, ['task', 'wait', 'wait-3', '--timeout', '100ms']);
    await cli(1, ['task', 'wait', 'wait-1', 'wait-2']);
  });

  it('task bulk-cancel and bulk-retry', async () => {
    await submitBatch(server, [1, 2, 3].map(() => ({ type: 'bulk', queue: 'bulk' })));
    assert.equal((await json(['task', 'bulk-cancel', '--queue', 'bulk'])).done, 3);
    await cli(2, ['task', 'bulk-cancel']);
    await json(['task', 'bulk-retry', '--type', 'bulk']);
  });

  it('worker list, show, drain, deregister', async () => {
    await json(['worker', 'register', 'w-cli', '--capability', 'x', '--label', 'zone=a', '--language', 'go']);
    assert.ok((await json(['worker', 'list'])).items.some((w: Json) => w.id === 'w-cli'));
    assert.match((await cli(0, ['worker', 'list', '--capability', 'x'])).stdout, /w-cli/);
    assert.deepEqual((await json(['worker', 'show', 'w-cli'])).labels, { zone: 'a' });
    assert.equal((await json(['worker', 'drain', 'w-cli'])).state, 'draining');
    await cli(0, ['worker', 'deregister', 'w-cli']);
  });

  it('queue list, show, pause, resume, set', async () => {
    await submit(server, { type: 'x', queue: 'q-cli' });
    assert.ok((await json(['queue', 'list'])).items.some((q: Json) => q.name === 'q-cli'));
    assert.equal((await json(['queue', 'pause', 'q-cli'])).paused, true);
    assert.match((await cli(0, ['queue', 'show', 'q-cli'])).stdout, /paused/);
    assert.equal((await json(['queue', 'resume', 'q-cli'])).paused, false);
    assert.equal((await json(['queue', 'set', 'q-cli', '--max-depth', '1'])).maxDepth, 1);
    await cli(6, ['task', 'submit', 'x', '--queue', 'q-cli']);
  });

  it('events query and tail', async () => {
    await submit(server, { id: 'ev-cli', type: 'x' });
    const { items } = await json(['events', 'query', '--tags', 'task:ev-cli']);
    assert.deepEqual(items.map((e: Json) => e.type), ['TASK.SUBMITTED.SUCCESS']);
    const tail = Command.against(server, ['-o', 'json', 'events', 'tail', '--after', String(items[0].position - 1), '--types', 'TASK.SUBMITTED.SUCCESS']);
    await eventually('the past on the tail', async () => tail.stdout.includes('"ev-cli"'));
    await submit(server, { id: 'ev-cli-2', type: 'x' });
    await eventually('the present on the tail', async () => tail.stdout.includes('"ev-cli-2"'));
    for (const line of tail.stdout.trim().split('\n')) JSON.parse(line);
    await tail.end('SIGINT');
  });

  it('namespace create and list, and --namespace', async () => {
    await json(['namespace', 'create', 'team-cli']);
    await json(['namespace', 'create', 'team-cli']);
    assert.ok((await json(['namespace', 'list'])).items.some((n: Json) => n.name === 'team-cli'));
    await json(['--namespace', 'team-cli', 'task', 'submit', 'x', '--id', 'ns-cli']);
    await cli(3, ['task', 'show', 'ns-cli']);
    await cli(0, ['--namespace', 'team-cli', 'task', 'show', 'ns-cli']);
  });

  it('config show and check', async () => {
    assert.equal(typeof (await json(['config', 'show'])), 'object');
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'good.yaml'), '{}\n');
    await cli(0, ['config', 'check', join(directory, 'good.yaml')]);
    writeFileSync(join(directory, 'bad.yaml'), '\nlissten: 127.0.0.1:1\n');
    const bad = await cli(2, ['config', 'check', join(directory, 'bad.yaml')]);
    assert.match(bad.stderr, /bad\.yaml:2.*lissten/s);
    const refused = await arbiter(['serve', '--data', join(directory, 'data'), '--config', join(directory, 'bad.yaml')]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /bad\.yaml:2/);
    const everywhere = await arbiter(['serve', '--data', join(directory, 'data'), '--listen', '0.0.0.0:0']);
    assert.equal(everywhere.status, 2);
  });

  it('say by their exit code what kind of error it is, and what to do', async () => {
    assert.match((await cli(2, ['task', 'submit', 'a b'])).stderr, /type/);
    await cli(2, ['task', 'submit', 'x', '--payload', '{not json']);
    await cli(2, ['task', 'submit', 'x', '--delay', 'soon']);
    await cli(3, ['task', 'show', 'nobody']);
    await cli(3, ['worker', 'show', 'nobody']);
    await cli(4, ['task', 'complete', 'cli-1', '--lease', '1']);
    await cli(5, ['task', 'list'], { env: { ARBITER_TOKEN: 'wrong' } });
    const away = await arbiter(['task', 'list'], { env: { ARBITER_URL: 'http://127.0.0.1:1', ARBITER_TOKEN: 'x' } });
    assert.equal(away.status, 7);
    assert.match(away.stderr, /127\.0\.0\.1:1/);
    const error = JSON.parse((await cli(3, ['-o', 'json', 'task', 'show', 'nobody'])).stderr);
    assert.equal(error.code, 'not_found');
    const token = join(temporaryDirectory(), 'token');
    writeFileSync(token, server.token + '\n');
    await cli(0, ['--token-file', token, 'task', 'list'], { env: { ARBITER_TOKEN: '' } });
    await cli(0, ['--data', server.data, 'task', 'list'], { env: { ARBITER_TOKEN: '' } });
  });
});

describe('bench', () => {
  it('measures a server of its own and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const result = await arbiter(['-o', 'json', 'bench', '--runs', '1', '--scale', '1', '--only', 'disk', '--only', 'bulk', '--only', 'life', '--directory', directory]);
    assert.equal(result.status, 0, result.stderr);
    const { items } = JSON.parse(result.stdout);
    assert.deepEqual(items.map((f: Json) => f.unit), ['ms', 'ms', 'tasks/s', 'lives/s']);
    for (const figure of items) assert.ok(figure.median > 0, figure.figure);
    assert.deepEqual(readdirSync(directory), []);
  });
});

describe('programs as workers', { concurrency: 10 }, () => {
  const script = (name: string, text: string): string => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  };

  it('payload comes on stdin, the result goes to stdout, stderr is the log', async () => {
    const agent = script('agent.sh', 'cat > "$PWD/input"; echo "working on $ARBITER_TASK_ID try $ARBITER_ATTEMPT" >&2; echo second >&2; printf \'{"got": %s}\' "$(cat input)"');
    const command = Command.against(server, ['worker', 'run', '--name', 'agent', '--capability', 'agent', '--exec', agent, '-j', '2', '--workdir', 'fresh']);
    await submit(server, { id: 'agent-1', type: 'agent', payload: { a: [1, 2] } });
    const task = await ended(server, 'agent-1');
    assert.deepEqual([task.state, task.result, task.workerId], ['completed', { got: { a: [1, 2] } }, 'agent']);
    const log = await server.expect(200, 'GET', '/api/v1/tasks/agent-1/logs');
    assert.deepEqual(log.items.map((l: Json) => l.text), ['working on agent-1 try 1', 'second']);
    assert.equal(await command.end('SIGTERM'), 0);
    await command.gone();
  });

  it('exit codes decide: 0 done, 65 final, others are tried again', async () => {
    const agent = script('exits.sh', 'read code; echo "said $code" >&2; echo "not json {"; exit "$code"');
    const command = Command.against(server, ['worker', 'run', '--name', 'exits', '--capability', 'exits', '--exec', agent, '-j', '3']);
    await submitBatch(server, [0, 65, 7].map((code) => ({ id: `exit-${code}`, type: 'exits', payload: code, retry: { maxAttempts: 2, backoffMs: 10 } })));
    assert.deepEqual(await ended(server, 'exit-0').then((t) => [t.state, String(t.result).trim()]), ['completed', 'not json {']);
    assert.deepEqual(await ended(server, 'exit-65').then((t) => [t.state, t.attempt]), ['failed', 1]);
    const again = await ended(server, 'exit-7');
    assert.deepEqual([again.state, again.attempt], ['failed', 2]);
    assert.match(JSON.stringify(again.error), /7/);
    await command.end('SIGTERM');
  });

  it('a result is what the program wrote, up to 8 MiB; more fails the task for good', async () => {
    const outputs: Record<string, string> = {
      json: `printf '["%s"]' "$(head -c 600000 /dev/zero | tr '\\0' x)"`, large: 'head -c 8388609 /dev/zero | tr "\\0" x',
      commit: 'echo 12345e6', infinite: 'echo 1234e567', version: 'echo 1.10', number: 'echo 1.5', object: `echo '{"n": 7}'`,
    };
    const command = Command.against(server, ['worker', 'run', '--shell', '--name', 'prints', '--queue', 'prints', '-j', '4']);
    await submitBatch(server, Object.entries(outputs).map(([name, run]) => ({ id: `prints-${name}`, type: 'shell', queue: 'prints', payload: { run } })));
    const result = async (name: string): Promise<Json> => (await ended(server, `prints-${name}`)).result;
    assert.deepEqual(await result('json'), ['x'.repeat(600_000)]);
    assert.deepEqual([await result('commit'), await result('infinite'), await result('version'), await result('number')], ['12345e6', '1234e567', '1.10', 1.5]);
    assert.deepEqual(await result('object'), { n: 7 });
    const large = await ended(server, 'prints-large');
    assert.deepEqual([large.state, large.attempt, large.error.code], ['failed', 1, 'too_large']);
    assert.match(large.error.message, /8388608 bytes \(8 MiB\)/);
    await command.end('SIGTERM');
  });

  it('what a program started ends also when its supervisor is killed', async () => {
    const agent = script('children.sh', 'setsid sh -c "trap \'\' TERM HUP; setsid sleep 1000 & sleep 1000" & wait');
    const command = Command.against(server, ['worker', 'run', '--name', 'oom', '--capability', 'oom', '--exec', agent]);
    await submit(server, { id: 'oom-1', type: 'oom', retry: { maxAttempts: 1 } });
    await eventually('the program and all its children', async () => command.family().length >= 6);
    const supervisor = command.family().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('task-supervisor'))!;
    process.kill(supervisor, 'SIGKILL');
    assert.equal((await ended(server, 'oom-1')).error.code, 'signal_9');
    await eventually('only the worker is left', async () => command.family().length === 1);
    assert.equal(await command.end('SIGTERM'), 0);
  });

  it('timeout, stall and cancel end the whole process group', async () => {
    const agent = script('slow.sh', 'setsid sleep 1000 & sleep 1000 & echo begun >&2; wait');
    const command = Command.against(server, ['worker', 'run', '--name', 'slow', '--capability', 'slow', '--exec', agent, '-j', '4']);
    const once = { maxAttempts: 1 };
    await submitBatch(server, [
      { id: 'slow-timeout', type: 'slow', timeoutMs: 4_000, retry: once }, { id: 'slow-stall', type: 'slow', stallMs: 4_000, retry: once }, { id: 'slow-cancel', type: 'slow', retry: once },
    ]);
    await eventually('three programs with two sleepers each', async () => command.family().length >= 9);
    await reaches(server, 'slow-cancel', 'running');
    await server.expect(200, 'POST', '/api/v1/tasks/slow-cancel/cancel', {});
    assert.equal((await ended(server, 'slow-timeout')).state, 'failed');
    assert.equal((await ended(server, 'slow-stall')).error.code, 'stalled');
    assert.equal((await ended(server, 'slow-cancel')).state, 'cancelled');
    await eventually('only the worker is left', async () => command.family().length === 1);
    assert.equal(await command.end('SIGTERM'), 0);
  });

  it('SIGTERM lets running tasks finish', async () => {
    const command = Command.against(server, ['worker', 'run', '--name', 'drains', '--capability', 'drains', '--exec', 'sleep 1; echo done']);
    await submitBatch(server, [{ id: 'drains-1', type: 'drains' }, { id: 'drains-2', type: 'drains' }]);
    await reaches(server, 'drains-1', 'running');
    assert.equal(await command.end('SIGTERM'), 0);
    assert.equal(await stateOf(server, 'drains-1'), 'completed');
    assert.equal(await stateOf(server, 'drains-2'), 'queued');
    await command.gone();
  });

  it('--shell runs what the payload says', async () => {
    const command = Command.against(server, ['worker', 'run', '--shell', '--name', 'sh', '--queue', 'sh']);
    await submit(server, { id: 'sh-1', type: 'shell', queue: 'sh', payload: { run: 'echo "$WHO"', env: { WHO: 'me' } } });
    assert.match(String((await ended(server, 'sh-1')).result), /^me\n?$/);
    await submit(server, { id: 'sh-2', type: 'shell', queue: 'sh', payload: { run: 7 }, retry: { maxAttempts: 1 } });
    assert.equal((await ended(server, 'sh-2')).state, 'failed');
    await command.end('SIGTERM');
  });

  it('task exec does the same for one task leased by hand', async () => {
    await json(['worker', 'register', 'exec', '--capability', 'exec']);
    await submitBatch(server, [{ id: 'exec-1', type: 'exec', payload: 'hello' }, { id: 'exec-2', type: 'exec', retry: { maxAttempts: 1 } }]);
    const lease = async (): Promise<string> => (await json(['task', 'lease', '--worker', 'exec'])).leases[0].lease;
    await cli(0, ['task', 'exec', 'exec-1', '--lease', await lease(), '--', 'sh', '-c', 'echo log >&2; cat']);
    assert.deepEqual(await taskOf(server, 'exec-1').then((t) => [t.state, t.result]), ['completed', 'hello']);
    const failing = await server.cli(['task', 'exec', 'exec-2', '--lease', await lease(), '--', 'sh', '-c', 'exit 3']);
    assert.notEqual(failing.status, 0);
    assert.equal(await stateOf(server, 'exec-2'), 'failed');
    await submit(server, { id: 'exec-3', type: 'exec' });
    const large = await cli(0, ['task', 'exec', 'exec-3', '--lease', await lease(), '--', 'sh', '-c', "head -c 700000 /dev/zero | tr '\\0' x"]);
    assert.equal(large.stdout, 'x'.repeat(700_000));
    await submit(server, { id: 'exec-4', type: 'exec' });
    const tooLarge = await cli(2, ['task', 'exec', 'exec-4', '--lease', await lease(), '--', 'sh', '-c', "head -c 8388609 /dev/zero | tr '\\0' x"]);
    assert.equal(tooLarge.stdout.length, 8_388_609);
    assert.match(tooLarge.stderr, /8388608 bytes/);
    assert.equal(await stateOf(server, 'exec-4'), 'failed');
    await cli(4, ['task', 'exec', 'exec-1', '--lease', '1', '--', 'true']);
  });
});

describe('jobs', { concurrency: 10 }, () => {
  const job = (text: string): { file: string; directory: string; data: string } => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'data'));
    writeFileSync(join(directory, 'job.yaml'), text);
    return { file: join(directory, 'job.yaml'), directory, data: join(directory, 'data') };
  };
  const noServer = { ARBITER_URL: '', ARBITER_TOKEN: '' };
  const lines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');

  it('run in order on a server of their own, which ends with them', async () => {
    const { file, directory, data } = job(`
name: small
workers: 2
env: { GREETING: hello }
steps:
  each:
    foreach: [one, two, three]
    run: echo "$GREETING $ITEM" >> out.txt
  last:
    needs: [each]
    run: wc -l < out.txt | tr -d ' '
    show: true
  flaky:
    retry: { attempts: 3, backoff: 50ms }
    run: test -e tried || { touch tried; exit 1; }
`);
    const command = new Command(['--data', data, 'run', file], { env: noServer });
    assert.equal(await command.exited, 0, command.stdout + command.stderr);
    assert.deepEqual(lines(join(directory, 'out.txt')).sort(), ['hello one', 'hello three', 'hello two']);
    assert.match(command.stdout, /All 5 tasks completed/);
    assert.match(command.stdout, /^3$/m);
    await command.gone();
  });

  it('fail with exit code 1, show what failed and why, and go on from there', async () => {
    const { file, directory, data } = job(`
name: failing
steps:
  good: { run: 'echo ran >> good.txt' }
  bad: { needs: [good], run: 'echo "the reason" >&2; test -e mended' }
  never: { needs: [bad], run: 'touch never' }
`);
    const first = await arbiter(['--data', data, 'run', file], { env: noServer });
    assert.equal(first.status, 1, first.stdout + first.stderr);
    assert.match(first.stdout, /bad.*the reason/s);
    assert.ok(!existsSync(join(directory, 'never')));
    writeFileSync(join(directory, 'mended'), '');
    const second = await arbiter(['--data', data, 'run', '--resume', file], { env: noServer });
    assert.equal(second.status, 0, second.stdout + second.stderr);
    assert.deepEqual(lines(join(directory, 'good.txt')), ['ran']);
    assert.ok(existsSync(join(directory, 'never')));
  });

  it('do a report again that was made without a part that is there now, and what comes after it', async () => {
    const { file, directory, data } = job(`
name: reporting
steps:
  part: { foreach: [a, b], run: 'test $ITEM = a -o -e mended && echo $ITEM' }
  report: { needs: [part], on-needs-failure: run, run: 'cat "$ARBITER_NEEDS"/part.* 2>/dev/null | sort | tee -a reports.txt', show: true }
  publish: { needs: [part, report], run: 'cat "$ARBITER_NEEDS"/report >> published.txt' }
`);
    const first = await arbiter(['--data', data, 'run', file], { env: noServer });
    assert.equal(first.status, 1, first.stdout + first.stderr);
    assert.deepEqual(lines(join(directory, 'reports.txt')), ['a']);
    assert.ok(!existsSync(join(directory, 'published.txt')));
    writeFileSync(join(directory, 'mended'), '');
    const second = await arbiter(['--data', data, 'run', '--resume', file], { env: noServer });
    assert.equal(second.status, 0, second.stdout + second.stderr);
    assert.deepEqual(lines(join(directory, 'reports.txt')), ['a', 'a', 'b']);
    assert.match(second.stdout, /^a\nb$/m);
    assert.equal(readFileSync(join(directory, 'published.txt'), 'utf8').trim(), 'a\nb');
    // Nothing is left to do.
    const third = await arbiter(['--data', data, 'run', '--resume', file], { env: noServer });
    assert.equal(third.status, 0, third.stdout + third.stderr);
    assert.deepEqual(lines(join(directory, 'reports.txt')), ['a', 'a', 'b']);
  });

  it('go on with --resume after kill -9, and leave nothing running', async () => {
    const { file, directory, data } = job(`
name: killed
workers: 2
steps:
  quick:
    foreach: [1, 2, 3]
    run: echo "$ITEM" >> quick.txt
  slow:
    needs: [quick]
    run: echo try >> slow.txt; test -e go || sleep 1000
  end:
    needs: [slow]
    run: touch end
`);
    const command = new Command(['--data', data, 'run', file], { env: noServer });
    await eventually('the slow step runs', async () => existsSync(join(directory, 'slow.txt')), 30_000);
    await command.end('SIGKILL');
    await command.gone(20_000);
    writeFileSync(join(directory, 'go'), '');
    const resumed = await arbiter(['--data', data, 'run', '--resume', file], { env: noServer });
    assert.equal(resumed.status, 0, resumed.stdout + resumed.stderr);
    assert.deepEqual(lines(join(directory, 'quick.txt')).sort(), ['1', '2', '3'], 'what was done is not done again');
    assert.ok(existsSync(join(directory, 'end')));
  });

  it('do not try a step without retry again when its time is over', async () => {
    const { file, directory, data } = job(`
name: late
steps:
  once: { run: 'echo try >> once.txt; sleep 1000', timeout: 300ms }
  twice: { run: 'echo try >> twice.txt; sleep 1000', timeout: 300ms, retry: { attempts: 2, backoff: 10ms } }
`);
    const result = await arbiter(['--data', data, 'run', file], { env: noServer });
    assert.equal(result.status, 1, result.stdout + result.stderr);
    assert.deepEqual([lines(join(directory, 'once.txt')).length, lines(join(directory, 'twice.txt')).length], [1, 2]);
  });

  it('answer in JSON to those who ask for it, with what steps show, also when interrupted', async () => {
    const { file, directory, data } = job(`
name: machine
workers: 1
steps:
  quick: { run: 'echo 7', show: true }
  slow: { needs: quick, run: 'test -e go || { touch waits; sleep 1000; }' }
`);
    const command = new Command(['-o', 'json', '--data', data, 'run', file], { env: noServer });
    await eventually('the slow step runs', async () => existsSync(join(directory, 'waits')), 30_000);
    assert.equal(await command.end('SIGINT'), 130);
    // What it wrote last may come after the news that it has ended.
    const early = await eventually('the summary', async () => command.stdout.endsWith('}\n') && JSON.parse(command.stdout));
    assert.deepEqual([early.interrupted, early.total, early.tasks.length], [true, 2, 2]);
    writeFileSync(join(directory, 'go'), '');
    const resumed = await arbiter(['-o', 'json', '--data', data, 'run', '--resume', file], { env: noServer });
    assert.equal(resumed.status, 0, resumed.stdout + resumed.stderr);
    const summary = JSON.parse(resumed.stdout);
    assert.deepEqual([summary.run, summary.interrupted, summary.completed], [early.run, false, 2]);
    assert.deepEqual(summary.tasks.map((t: Json) => [t.step, t.result]), [['quick', 7], ['slow', undefined]]);
  });

  it('use the server that runs on the data directory, whatever its address', async () => {
    const { file, data } = job('name: found\nsteps:\n  only: { run: "true" }\n');
    const own = await Server.start({ data });
    const result = await arbiter(['--data', data, 'run', file], { env: noServer });
    assert.equal(result.status, 0, result.stdout + result.stderr);
    assert.match(result.stdout, new RegExp(`server ${own.url}$`, 'm'));
    const listed = await arbiter(['-o', 'json', '--data', data, 'task', 'list'], { env: noServer });
    assert.equal(JSON.parse(listed.stdout).items[0].state, 'completed', listed.stderr);
    // A killed server leaves its address behind, which nobody answers at: the job brings up its own.
    await own.kill();
    const again = await arbiter(['--data', data, 'run', file], { env: noServer });
    assert.equal(again.status, 0, again.stdout + again.stderr);
    assert.match(again.stdout, /\(its own\)/);
    assert.ok(!existsSync(join(data, 'server.url')), 'an orderly stop takes the address away');
  });

  it('show a bar and a line per worker on a terminal', async () => {
    const { file, data } = job('name: seen\nworkers: 2\nsteps:\n  look: { foreach: [a, b], run: "echo at it >&2; sleep 2" }\n');
    const terminal = spawnSync('script', ['-qefc', `${BINARY} --data ${data} run ${file}`, '/dev/null'], {
      encoding: 'utf8', env: { ...process.env, TERM: 'xterm', COLUMNS: '100' }, timeout: 30_000,
    });
    assert.equal(terminal.status, 0, terminal.stdout);
    assert.match(terminal.stdout, /\[[^\]]*\] 0\/2/, 'the bar at its beginning');
    for (const worker of ['w1', 'w2']) assert.match(terminal.stdout, new RegExp(`  ${worker}  look\\.[01]  \\d`));
    assert.match(terminal.stdout, /All 2 tasks completed/);
  });

  it('take type, with, env and timeout; an interrupted run exits with 130 and can be resumed', async () => {
    const { file, directory, data } = job(`
name: parts
env: { SHARED: all }
steps:
  late: { timeout: 1s, run: 'sleep 100' }
  own: { type: review, with: { path: src }, timeout: 1m }
  said: { env: { OWN: one }, run: 'echo "$SHARED $OWN" > said.txt' }
`);
    const command = new Command(['--data', data, 'run', file], { env: noServer });
    await eventually('the step with env is done', async () => existsSync(join(directory, 'said.txt')), 30_000);
    assert.deepEqual(lines(join(directory, 'said.txt')), ['all one']);
    const list = async (): Promise<Json[]> => JSON.parse((await arbiter(['--data', data, '-o', 'json', 'task', 'list'], { env: noServer })).stdout).items;
    const late = await eventually('the late step is over', async () => (await list()).find((t) => t.id.endsWith('.late') && t.state === 'failed'));
    assert.deepEqual([late.error.code, late.attempt], ['timeout', 1]);
    assert.equal(await command.end('SIGINT'), 130);
    await command.gone();
    const again = new Command(['--data', data, 'run', '--resume', file], { env: noServer });
    await eventually('its server is there', async () => existsSync(join(data, 'server.url')));
    const agent = new Command(['--data', data, 'worker', 'run', '--name', 'reviewer', '--capability', 'review', '--exec', 'cat', '--connect', '30s'], { env: noServer });
    const own = await eventually('the step of its own type is done', async () => (await list().catch(() => [])).find((t) => t.id.endsWith('.own') && t.state === 'completed'), 30_000);
    const shown = JSON.parse((await arbiter(['--data', data, '-o', 'json', 'task', 'show', own.id], { env: noServer })).stdout);
    assert.deepEqual([shown.payload, shown.result, shown.timeoutMs], [{ path: 'src' }, { path: 'src' }, 60_000]);
    assert.equal(await again.exited, 1, 'the late step fails again');
    await agent.end('SIGTERM');
  });

  it('use the server that is named', async () => {
    const { file, data } = job('name: named\nsteps:\n  only: { run: "true" }\n');
    const result = await server.cli(['--data', data, 'run', file]);
    assert.equal(result.status, 0, result.stdout + result.stderr);
    assert.ok(!readdirSync(data).some((name) => name.endsWith('.db') || name === 'admin.token'), 'no server was started');
  });

  it('with mistakes are refused before anything starts, with line and reason', async () => {
    const cases: [string, RegExp][] = [
      ['steps:\n  a: { runn: x }\n  b: { run: x, timeout: soon }\n', /job\.yaml:2:.*runn.*job\.yaml:3:.*timeout/s],
      ['steps:\n  a: { run: x }\n  b: { run: x, needs: [aa] }\n', /job\.yaml:3:.*aa.*mean.*a/s],
      ['steps:\n  a: { run: x, needs: b }\n  b: { run: x, needs: a }\n', /a -> b|b -> a/],
      ['steps: [', /job\.yaml:\d/],
      ['steps:\n  a: { type: review, env: { B: 1 } }\n', /job\.yaml:2:27: `env` goes with `run`/],
    ];
    for (const [text, reason] of cases) {
      const { file, data } = job(text);
      const result = await arbiter(['--data', data, 'run', file], { env: noServer });
      assert.equal(result.status, 2, result.stdout + result.stderr);
      assert.match(result.stderr, reason);
    }
  });
});
