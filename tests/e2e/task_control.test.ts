// Types of task, tasks that rest, queues that are drained, idle workers, the critical path, the memory of a namespace.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { acted, act, complete, ended, lease, leaseOne, leased, problem, reaches, refused, submit, submitBatch, taskOf, worker } from './support/api';
import { Command } from './support/process';
import { Json, Server, eventually } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const define = (name: string, definition: Json): Promise<Json> => server.expect(201, 'PUT', `/api/v1/task-types/${name}`, definition);

describe('task types', () => {
  const schema = {
    type: 'object', required: ['path'], additionalProperties: false,
    properties: { path: { type: 'string', pattern: '^[a-z/]+$' }, lines: { type: 'array', items: { type: 'integer' } } },
  };

  it('give defaults to what a task does not say, over restarts', async () => {
    await define('typed', { defaults: { queue: 'typed-queue', priority: 'high', timeoutMs: 60_000, retry: { maxAttempts: 7 } } });
    await server.restart();
    const task = await submit(server, { type: 'typed', id: 'typed-1' });
    assert.deepEqual([task.queue, task.priority, task.timeoutMs, task.maxAttempts], ['typed-queue', 8, 60_000, 7]);
    const own = await submit(server, { type: 'typed', queue: 'default', priority: 5 });
    assert.deepEqual([own.queue, own.priority, own.maxAttempts], ['default', 5, 7]);
    assert.equal((await server.expect(200, 'PUT', '/api/v1/task-types/typed', { defaults: { queue: 'elsewhere' } })).version, 2);
    // A repeated submit is still the same task.
    assert.equal((await server.expect(200, 'POST', '/api/v1/tasks', { type: 'typed', id: 'typed-1' })).queue, 'typed-queue');
  });

  it('refuse an invalid task with every error and its path', async () => {
    await define('checked', { payloadSchema: schema });
    const bad = { path: 'SRC', lines: [1, 'two'], depth: 3 };
    const refusal = await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'checked', payload: bad });
    const fields = refusal.errors.map((e: Json) => e.field);
    for (const field of ['payload.path', 'payload.lines[1]']) assert.ok(fields.includes(field), JSON.stringify(refusal.errors));
    assert.match(JSON.stringify(refusal.errors), /depth/);
    const batch = { tasks: [{ type: 'checked', payload: { path: 'src' } }, { type: 'checked' }] };
    const second = await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/batch', batch);
    assert.equal(second.errors[0].field, 'tasks[1].payload');
    await refused(server, 400, 'invalid_request', 'PUT', '/api/v1/schedules/bad', { everyMs: 1_000, task: { type: 'checked' } }, ['task.payload']);
    await submit(server, { type: 'checked', payload: { path: 'src', lines: [1] } });
  });

  it('refuse a result that does not fit; its worker may correct itself', async () => {
    await define('judged', { resultSchema: { type: 'object', required: ['verdict'] } });
    const held = await leased(server, { type: 'judged', id: 'judged-1' });
    const refusal = problem(await act(server, held, 'complete', { result: 3 }), 400, 'invalid_request', 'result');
    assert.match(refusal.detail, /type judged/);
    const reported = await server.expect(200, 'POST', '/api/v1/tasks/report', {
      workerId: 'judged', reports: [{ taskId: 'judged-1', lease: held.lease, outcome: 'completed', result: {} }],
    });
    assert.equal(reported.results[0].code, 'invalid_request');
    assert.match(reported.results[0].message, /verdict/);
    assert.equal((await complete(server, held, { verdict: 'fine' })).state, 'completed');
  });

  it('refuse schemas that could hurt the server, and say where', async () => {
    const put = (payloadSchema: Json): Promise<Json> =>
      refused(server, 400, 'invalid_request', 'PUT', '/api/v1/task-types/hurtful', { payloadSchema });
    assert.match(JSON.stringify((await put({ $ref: '#' })).errors), /refers to itself/);
    assert.match(JSON.stringify((await put({ $ref: 'http://example.org/x' })).errors), /payloadSchema\.\$ref/);
    assert.match(JSON.stringify((await put({ properties: { a: { pattern: '(?=x)' } } })).errors), /payloadSchema\.properties\.a\.pattern/);
    assert.match(JSON.stringify((await put({ propertes: {} })).errors), /propertes/);
    await define('slow', { payloadSchema: { pattern: '^(a+)+$' } });
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'slow', payload: `${'a'.repeat(100_000)}b` }, ['payload']);
  });

  it('end with the attempt of a worker whose program gives a bad result', async () => {
    await define('program', { resultSchema: { type: 'number' } });
    await submit(server, { type: 'program', id: 'program-1', retry: { maxAttempts: 1 } });
    const run = Command.against(server, ['worker', 'run', '--name', 'programs', '--capability', 'program', '--exec', 'echo no number']);
    const task = await ended(server, 'program-1');
    assert.equal(task.state, 'failed');
    assert.match(task.error.message, /does not fit the schema/);
    await run.end('SIGTERM');
  });
});

describe('tasks that rest', () => {
  it('free their place at the worker and keep their lease and their time', async () => {
    await worker(server, 'resting', { maxConcurrent: 1 });
    await submit(server, { id: 'rest-1', type: 'resting', timeoutMs: 60_000 });
    await submit(server, { id: 'rest-2', type: 'resting' });
    const held = await leaseOne(server, 'resting');
    assert.deepEqual(await lease(server, 'resting'), []);
    assert.equal((await acted(server, held, 'suspend', { reason: 'waits for an answer' })).state, 'suspended');
    assert.match((await taskOf(server, 'rest-1')).waitingFor, /waits for an answer/);
    await complete(server, await leaseOne(server, 'resting'));
    await server.restart();
    assert.equal((await taskOf(server, 'rest-1')).state, 'suspended');
    assert.equal((await acted(server, held, 'resume')).state, 'running');
    await complete(server, held);
    await refused(server, 409, 'invalid_state', 'POST', '/api/v1/tasks/rest-1/suspend', {});
  });

  it('stop the whole program when somebody else wants it, and let it go on', async () => {
    const program = 'i=0; while [ $i -lt 600 ]; do i=$((i+1)); arbiter_tick=$i; echo tick >&2; sleep 0.05; done; echo 1';
    await submit(server, { id: 'ticking', type: 'shell', payload: { run: program } });
    const run = Command.against(server, ['worker', 'run', '--shell', '--name', 'ticker']);
    const lines = async (): Promise<number> => (await server.expect(200, 'GET', '/api/v1/tasks/ticking/logs?limit=1000')).items.length;
    await eventually('it ticks', async () => (await lines()) > 3);
    await server.expect(200, 'POST', '/api/v1/tasks/ticking/suspend', { reason: 'the machine is needed' });
    await eventually('the worker says so', async () => run.stderr.includes('suspended'));
    const stopped = (): boolean => run.family().some((pid) => /^State:\s+T/m.test(statusOf(pid)));
    await eventually('the program stands still', async () => stopped());
    // Another task runs meanwhile, though the worker has one place only.
    await submit(server, { id: 'meanwhile', type: 'shell', payload: { run: 'echo 2' } });
    assert.equal((await ended(server, 'meanwhile')).result, 2);
    assert.ok(stopped());
    await server.expect(200, 'POST', '/api/v1/tasks/ticking/resume', {});
    const before = await lines();
    await eventually('it goes on', async () => (await lines()) > before + 3);
    await server.expect(200, 'POST', '/api/v1/tasks/ticking/suspend', {});
    await eventually('it stands still again', async () => stopped());
    await server.expect(200, 'POST', '/api/v1/tasks/ticking/cancel', {});
    await reaches(server, 'ticking', 'cancelled');
    await run.end('SIGTERM');
    assert.deepEqual(run.family(), []);
  });
});

describe('the second day', () => {
  it('drains a queue: nothing new comes in, what is there is worked off', async () => {
    await worker(server, 'drained');
    await submit(server, { id: 'drained-1', type: 'drained', queue: 'closing' });
    assert.deepEqual([(await server.expect(200, 'POST', '/api/v1/queues/closing/drain', {})).drained], [false]);
    await refused(server, 409, 'queue_draining', 'POST', '/api/v1/tasks', { type: 'drained', queue: 'closing' });
    const waits = Command.against(server, ['queue', 'drain', 'closing', '--wait']);
    await eventually('it waits', async () => waits.stderr.includes('1 left'));
    await complete(server, await leaseOne(server, 'drained'));
    assert.equal(await waits.exited, 0);
    assert.match(waits.stdout, /drained/);
    await server.expect(200, 'POST', '/api/v1/queues/closing/resume', {});
    await submit(server, { type: 'drained', queue: 'closing' });
  });

  it('drains a worker that is idle, which then ends', async () => {
    const run = Command.against(server, ['worker', 'run', '--name', 'idler', '--capability', 'idle', '--exec', 'cat', '--idle', '300ms']);
    assert.equal(await run.exited, 0);
    assert.match(run.stderr, /drains this worker/);
    const events = await server.expect(200, 'GET', '/api/v1/events?tags=worker:idler&types=WORKER.DRAINING.STARTED');
    assert.equal(events.items[0].data.reason, 'idle');
  });

  it('shows the critical path by measured durations, also as DOT', async () => {
    await worker(server, 'path');
    await submitBatch(server, [
      { id: 'p-gather', type: 'path' }, { id: 'p-lint', type: 'path', dependsOn: ['p-gather'] },
      { id: 'p-build', type: 'path', dependsOn: ['p-gather'] }, { id: 'p-ship', type: 'path', dependsOn: ['p-lint', 'p-build'] },
    ]);
    await complete(server, await leaseOne(server, 'path'));
    const [lint, build] = await lease(server, 'path', { max: 2 });
    await complete(server, lint!);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await complete(server, build!);
    const graph = await server.expect(200, 'GET', '/api/v1/graph?taskId=p-ship');
    assert.deepEqual(graph.criticalPath, ['p-gather', 'p-build', 'p-ship']);
    assert.ok(graph.criticalPathMs >= 150, `${graph.criticalPathMs}`);
    const dot = await server.call('GET', '/api/v1/graph.dot?taskId=p-ship');
    assert.equal(dot.headers['content-type'], 'text/vnd.graphviz');
    assert.match(dot.text, /"p-gather" -> "p-build" \[penwidth=3\];/);
  });

  it('refuses new tasks before the memory of a namespace runs out', async () => {
    const small = await Server.start({ flags: ['--limits-memory-bytes-max', '20000'] });
    await worker(small, 'small');
    let accepted = 0;
    let answer = await small.call('POST', '/api/v1/tasks', { type: 'small' });
    for (; answer.status === 201; ++accepted) answer = await small.call('POST', '/api/v1/tasks', { type: 'small' });
    problem(answer, 429, 'queue_full');
    assert.match(answer.body.detail, /memoryBytesMax/);
    assert.ok(answer.headers['retry-after'] && accepted > 5, `${accepted}`);
    await complete(small, await leaseOne(small, 'small'));
    await small.stop();
  });
});

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
