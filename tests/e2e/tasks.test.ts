// Tasks as people submit them: definitions, ids, batches, dependencies, times, attempts, what is told of them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  acted, act, complete, ended, eventsAfter, everyItem, failed, historyOf, lease, leaseOne, leased, problem, reaches, refused, sleep,
  stateOf, submit, submitBatch, taskOf, worker,
} from './support/api';
import { Json, Server, eventually } from './support/server';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOW_RETRY = { maxAttempts: 1 };
let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('submit', () => {
  it('needs a type only; the rest has defaults', async () => {
    const task = await submit(server, { type: 'defaults' });
    assert.match(task.id, /^task_[0-9a-hjkmnp-tv-z]{26}$/);
    assert.equal(task.type, 'defaults');
    assert.equal(task.state, 'queued');
    assert.equal(task.queue, 'default');
    assert.equal(task.priority, 5);
    assert.equal(task.attempt, 0);
    assert.equal(task.maxAttempts, 3);
    assert.match(task.createdAt, RFC3339);
    assert.deepEqual((await taskOf(server, task.id)).id, task.id);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', {}, ['type']);
  });

  it('answers the same task when id and content are the same, defaults spelled out or not', async () => {
    const first = await submit(server, { id: 'same', type: 'same', payload: { a: 1, b: [2, 3] } });
    const again = await server.expect(200, 'POST', '/api/v1/tasks', { payload: { b: [2, 3], a: 1 }, type: 'same', id: 'same' });
    assert.equal(again.createdAt, first.createdAt);
    await server.expect(200, 'POST', '/api/v1/tasks', {
      id: 'same', type: 'same', payload: { a: 1, b: [2, 3] }, queue: 'default', priority: 'normal', dependsOn: [], tags: [],
      onDependencyFailure: 'cancel', requirements: {},
      retry: { maxAttempts: 3, backoffMs: 1_000, multiplier: 2, maxBackoffMs: 60_000, jitter: 0.2 },
    });
    assert.equal((await historyOf(server, 'same')).length, 1);
  });

  it('refuses a taken id with other content, also of an ended task', async () => {
    const held = await leased(server, { id: 'taken', type: 'taken', payload: 1 });
    await refused(server, 409, 'id_conflict', 'POST', '/api/v1/tasks', { id: 'taken', type: 'taken', payload: 2 }, ['id']);
    await complete(server, held, 'done');
    await refused(server, 409, 'id_conflict', 'POST', '/api/v1/tasks', { id: 'taken', type: 'taken', priority: 6, payload: 1 });
    const again = await server.expect(200, 'POST', '/api/v1/tasks', { id: 'taken', type: 'taken', payload: 1 });
    assert.equal(again.state, 'completed');
  });

  it('takes ids of the pattern and refuses others', async () => {
    for (const id of ['a', 'A.b_c:d-1', '9', 'x'.repeat(128)]) {
      await submit(server, { id, type: 'ids' });
      assert.equal((await taskOf(server, id)).id, id);
    }
    for (const id of ['', '-a', '.a', 'a b', 'a/b', 'ä', 'x'.repeat(129), 7, null]) {
      const answer = await server.call('POST', '/api/v1/tasks', { id, type: 'ids' });
      if (id === null && answer.status === 201) continue; // null may stand for absent.
      problem(answer, 400, 'invalid_request', 'id');
    }
  });

  it('knows priorities as numbers and words', async () => {
    const words: Json = { low: 2, normal: 5, high: 8, critical: 10, 1: 1, 10: 10 };
    for (const [word, number] of Object.entries(words)) {
      const priority = /^\d/.test(word) ? Number(word) : word;
      assert.equal((await submit(server, { type: 'words', priority })).priority, number);
    }
    for (const priority of [0, 11, -1, 5.5, 'urgent', [], 1e30]) {
      await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'words', priority }, ['priority']);
    }
  });

  it('names every bad field at once', async () => {
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', {
      type: '', queue: 'a b', priority: 99, dependsOn: 'x', onDependencyFailure: 'explode', runAt: 'tomorrow', timeoutMs: -1,
      retry: { maxAttempts: 0, jitter: 2, backof: 1 }, requirements: { labels: { a: 1 } }, tags: [''], colour: 'red',
    }, [
      'type', 'queue', 'priority', 'dependsOn', 'onDependencyFailure', 'runAt', 'timeoutMs', 'retry.maxAttempts',
      'retry.jitter', 'retry.backof', 'requirements.labels.a', 'tags[0]', 'colour',
    ]);
  });

  it('keeps payload, result and metadata as they are, and apart', async () => {
    for (const payload of [null, 0, -1.5, '', 'grüße ☃ \u0000', [], {}, [[{ a: null }]], { big: 9007199254740993n.toString() }, false]) {
      const held = await leased(server, { type: 'bodies', payload, metadata: { from: 'test' } });
      assert.deepEqual(held.task.payload, payload);
      await complete(server, held, { echo: payload });
      const task = await taskOf(server, held.task.id);
      assert.deepEqual([task.payload, task.result, task.metadata], [payload, { echo: payload }, { from: 'test' }]);
    }
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'bodies', metadata: [] }, ['metadata']);
  });

  it('keeps large bodies whole, up to 1 MiB of payload', async () => {
    const payload = 'x'.repeat(1024 * 1024 - 2); // With its quotes exactly 1 MiB.
    const held = await leased(server, { type: 'large', payload });
    assert.ok(held.task.payload === payload);
    await complete(server, held, { half: payload.slice(0, 500_000) });
    const task = await ended(server, held.task.id);
    assert.ok(task.payload === payload && task.result.half.length === 500_000);
    const answer = await server.call('POST', '/api/v1/tasks', { type: 'large', payload: payload + 'x' });
    problem(answer, 413, 'too_large', 'payload');
  });

  it('has one effect when the same key comes many times at once', async () => {
    const options = { headers: { 'Idempotency-Key': 'key-many' } };
    const answers = await Promise.all(Array.from({ length: 8 }, () => server.call('POST', '/api/v1/tasks', { type: 'at-once' }, options)));
    assert.equal(new Set(answers.map((a) => a.body.id)).size, 1);
    assert.equal((await everyItem(server, '/api/v1/tasks?type=at-once')).length, 1);
  });

  it('repeats its answer under an idempotency key and refuses another request under it', async () => {
    const headers = { 'Idempotency-Key': 'key-1' };
    const first = await server.expect(201, 'POST', '/api/v1/tasks', { type: 'keyed' }, { headers });
    const again = await server.call('POST', '/api/v1/tasks', { type: 'keyed' }, { headers });
    assert.equal(again.body.id, first.id);
    await refused(server, 409, 'idempotency_mismatch', 'POST', '/api/v1/tasks', { type: 'keyed', priority: 1 }, [], { headers });
    assert.equal((await everyItem(server, '/api/v1/tasks?type=keyed')).length, 1);
  });
});

describe('batch', () => {
  it('creates all tasks and says which are new', async () => {
    const tasks = [{ id: 'b1', type: 'batch' }, { id: 'b2', type: 'batch' }, { type: 'batch' }];
    const made = await submitBatch(server, tasks);
    assert.deepEqual(made.slice(0, 2), [{ id: 'b1', state: 'queued', created: true }, { id: 'b2', state: 'queued', created: true }]);
    assert.match(made[2].id, /^task_/);
    const again = await server.expect(200, 'POST', '/api/v1/tasks/batch', { tasks: tasks.slice(0, 2) });
    assert.deepEqual(again.tasks.map((t: Json) => t.created), [false, false]);
    const mixed = await submitBatch(server, [{ id: 'b1', type: 'batch' }, { id: 'b3', type: 'batch' }]);
    assert.deepEqual(mixed.map((t) => t.created), [false, true]);
  });

  it('takes 1,000 tasks, and no more and not none', async () => {
    const tasks = Array.from({ length: 1_000 }, () => ({ type: 'thousand' }));
    assert.equal((await submitBatch(server, tasks)).length, 1_000);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/batch', { tasks: [...tasks, { type: 'thousand' }] }, ['tasks']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/batch', { tasks: [] }, ['tasks']);
    assert.equal((await everyItem(server, '/api/v1/tasks?type=thousand')).length, 1_000);
  });

  it('is refused whole when one task is bad, with the path of the field', async () => {
    const tasks = [{ id: 'whole-1', type: 'whole' }, { id: 'whole-2', type: 'whole', priority: 11 }, { type: 'whole', retry: { maxAttempts: 101 } }];
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/batch', { tasks }, ['tasks[1].priority', 'tasks[2].retry.maxAttempts']);
    await submit(server, { id: 'whole-0', type: 'whole' });
    await refused(server, 409, 'id_conflict', 'POST', '/api/v1/tasks/batch',
      { tasks: [{ id: 'whole-1', type: 'whole' }, { id: 'whole-0', type: 'other' }] }, ['tasks[1].id']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/batch',
      { tasks: [{ id: 'whole-1', type: 'whole' }, { id: 'whole-1', type: 'whole' }] }, ['tasks[1].id']);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/whole-1');
  });
});

describe('dependencies', () => {
  it('may stand in a batch in any order and hold a task back until they completed', async () => {
    const workerId = await worker(server, 'chain');
    const made = await submitBatch(server, [
      { id: 'c3', type: 'chain', dependsOn: ['c1', 'c2'] }, { id: 'c2', type: 'chain', dependsOn: ['c1'] }, { id: 'c1', type: 'chain' },
    ]);
    assert.deepEqual(made.map((t) => t.state), ['pending', 'pending', 'queued']);
    assert.match((await taskOf(server, 'c3')).waitingFor, /c1.*c2|c2.*c1/);
    for (const id of ['c1', 'c2', 'c3']) {
      const held = await lease(server, workerId, { max: 10, waitMs: 5_000 });
      assert.deepEqual(held.map((l) => l.task.id), [id]);
      await complete(server, held[0]!);
    }
    // Ended tasks count as they ended.
    assert.equal((await submit(server, { type: 'chain', dependsOn: ['c1', 'c3'] })).state, 'queued');
  });

  it('refuses unknown tasks by name', async () => {
    const body = await refused(server, 400, 'unknown_dependency', 'POST', '/api/v1/tasks', { type: 'x', dependsOn: ['nobody-1', 'nobody-2'] },
      ['dependsOn[0]', 'dependsOn[1]']);
    assert.match(JSON.stringify(body.errors), /nobody-1.*nobody-2/);
    await refused(server, 400, 'unknown_dependency', 'POST', '/api/v1/tasks/batch',
      { tasks: [{ id: 'u1', type: 'x' }, { id: 'u2', type: 'x', dependsOn: ['u1', 'nobody-3'] }] }, ['tasks[1].dependsOn[1]']);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/u1');
  });

  it('refuses a cycle and names it', async () => {
    const body = await refused(server, 400, 'dependency_cycle', 'POST', '/api/v1/tasks/batch', {
      tasks: [{ id: 'k0', type: 'x' }, { id: 'k1', type: 'x', dependsOn: ['k0', 'k2'] }, { id: 'k2', type: 'x', dependsOn: ['k3'] }, { id: 'k3', type: 'x', dependsOn: ['k1'] }],
    });
    for (const id of ['k1', 'k2', 'k3']) assert.ok(body.detail.includes(id), body.detail);
    assert.ok(!body.detail.includes('k0'));
    assert.match(body.errors[0].field, /^tasks\[[123]\]\.dependsOn$/);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/k0');
    const self = await server.call('POST', '/api/v1/tasks', { id: 'k9', type: 'x', dependsOn: ['k9'] });
    assert.equal(self.status, 400);
  });

  it('takes 1,000 of them and not 1,001', async () => {
    const tasks = Array.from({ length: 999 }, (_, i) => ({ id: `wide-${i}`, type: 'wide' }));
    const ids = tasks.map((t) => t.id);
    await submitBatch(server, [...tasks, { id: 'wide-all', type: 'wide', dependsOn: ids } as Json]);
    await submit(server, { id: 'wide-1000', type: 'wide', dependsOn: [...ids, 'wide-all'] });
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'wide', dependsOn: [...ids, 'wide-all', 'wide-1000'] }, ['dependsOn']);
  });

  it('cancel, fail or run a task when they fail, and that goes on down the chain', async () => {
    const workerId = await worker(server, 'policy');
    await submitBatch(server, [
      { id: 'p-root', type: 'policy', retry: NOW_RETRY },
      { id: 'p-cancel', type: 'policy', dependsOn: ['p-root'] },
      { id: 'p-cancel-2', type: 'policy', dependsOn: ['p-cancel'], onDependencyFailure: 'cancel' },
      { id: 'p-fail', type: 'policy', dependsOn: ['p-root'], onDependencyFailure: 'fail' },
      { id: 'p-run', type: 'policy', dependsOn: ['p-root', 'p-cancel'], onDependencyFailure: 'run' },
    ]);
    await failed(server, await leaseOne(server, workerId));
    assert.equal((await ended(server, 'p-cancel-2')).state, 'cancelled');
    const cancelled = await ended(server, 'p-cancel');
    assert.equal(cancelled.state, 'cancelled');
    assert.equal(cancelled.reason, 'dependency_failed');
    const fail = await ended(server, 'p-fail');
    assert.equal(fail.state, 'failed');
    assert.match(fail.error.message, /p-root/);
    assert.equal((await leaseOne(server, workerId)).task.id, 'p-run');
    // Ended tasks count as they ended.
    for (const [policy, state] of [['cancel', 'cancelled'], ['fail', 'failed'], ['run', 'queued']]) {
      const late = await submit(server, { type: 'policy', dependsOn: ['p-root'], onDependencyFailure: policy });
      await reaches(server, late.id, state!);
    }
  });

  it('thousands of dependents follow one failure in steps, without any further request', async () => {
    const workerId = await worker(server, 'flood');
    await submit(server, { id: 'flood', type: 'flood', retry: NOW_RETRY });
    for (let n = 0; n < 3; n++) await submitBatch(server, Array.from({ length: 1_000 }, () => ({ type: 'drop', dependsOn: ['flood'], queue: 'drops' })));
    await failed(server, await leaseOne(server, workerId));
    // Reading the log asks nothing of the core.
    await eventually('3,000 are cancelled', async () => (await eventsAfter(server, 0, '&types=TASK.CANCELLED.SUCCESS&tags=dependency:flood')).length === 3_000);
    assert.equal((await everyItem(server, '/api/v1/tasks?queue=drops&state=cancelled')).length, 3_000);
  });

  it('are exported as a graph with states and a topological order', async () => {
    await submitBatch(server, [
      { id: 'g3', type: 'graph', dependsOn: ['g1', 'g2'], tags: ['graph'] }, { id: 'g2', type: 'graph', dependsOn: ['g1'], tags: ['graph'] },
      { id: 'g1', type: 'graph', tags: ['graph'] },
    ]);
    const graph = await server.expect(200, 'GET', '/api/v1/graph?taskId=g2');
    assert.deepEqual(graph.order, ['g1', 'g2', 'g3']);
    const states = Object.fromEntries(graph.nodes.map((n: Json) => [n.id, n.state]));
    assert.deepEqual(states, { g1: 'queued', g2: 'pending', g3: 'pending' });
    assert.deepEqual(graph.nodes.find((n: Json) => n.id === 'g3').dependsOn, ['g1', 'g2']);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/graph?taskId=nobody');
  });
});

// What waits for time waits side by side.
describe('times', { concurrency: 20 }, () => {
  it('runAt and delayMs hold a task back, the past does not', async () => {
    assert.equal((await submit(server, { type: 'when', runAt: at(-60_000) })).state, 'queued');
    assert.equal((await submit(server, { type: 'when', delayMs: 0 })).state, 'queued');
    const later = await submit(server, { id: 'when-1', type: 'when', runAt: at(500) });
    const delayed = await submit(server, { id: 'when-2', type: 'when', delayMs: 500 });
    assert.deepEqual([later.state, delayed.state], ['pending', 'pending']);
    assert.ok((await taskOf(server, 'when-2')).waitingFor);
    for (const id of ['when-1', 'when-2']) {
      const task = await reaches(server, id, 'queued');
      assert.ok(Date.parse(task.queuedAt) - Date.parse(task.createdAt) >= 450, `${task.createdAt} ${task.queuedAt}`);
      assert.equal((await historyOf(server, id)).at(-1).data.reason, 'time');
    }
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'when', runAt: at(1), delayMs: 1 }, ['delayMs']);
  });

  it('timeoutMs ends an attempt; what its worker then reports is stale', async () => {
    const held = await leased(server, { id: 'slow', type: 'slow', timeoutMs: 300, retry: NOW_RETRY });
    const task = await ended(server, 'slow');
    assert.equal(task.state, 'failed');
    assert.equal(task.error.code, 'timeout');
    problem(await act(server, held, 'complete'), 409, 'stale_lease');
    assert.equal(await stateOf(server, 'slow'), 'failed');
  });

  it('stallMs ends an attempt that gives no sign, though its worker lives', async () => {
    const held = await leased(server, { id: 'stall', type: 'stall', stallMs: 1_500, retry: NOW_RETRY });
    for (const [verb, body] of [['progress', { percent: 10 }], ['log', { lines: ['on'] }], ['extend', {}], ['progress', {}], ['log', { lines: ['on'] }]] as const) {
      await sleep(400);
      await acted(server, held, verb, body);
    }
    assert.equal(await stateOf(server, 'stall'), 'running', 'progress, log lines and extensions are signs');
    let beats = 0;
    const task = await reachesWhile('stall', 'failed', async () => {
      await server.expect(200, 'POST', '/api/v1/workers/stall/heartbeat', {});
      beats++;
    });
    assert.ok(beats > 1);
    assert.equal(task.error.code, 'stalled');
  });

  it('deadline fails a task wherever it stands', async () => {
    const running = leased(server, { id: 'late-1', type: 'late', deadline: at(2_000) });
    await submit(server, { id: 'late-2', type: 'late-unserved', deadline: at(2_000) });
    await submit(server, { id: 'late-3', type: 'late-unserved', deadline: at(2_000), delayMs: 60_000 });
    await running;
    await submit(server, { id: 'late-4', type: 'late-unserved', deadline: '2020-01-01T00:00:00Z' });
    for (const id of ['late-1', 'late-2', 'late-3', 'late-4']) {
      const task = await ended(server, id);
      assert.equal(task.state, 'failed');
      assert.equal(task.error.code, 'deadline');
      assert.equal(task.reason, 'deadline');
    }
    problem(await act(server, await running, 'complete'), 409, 'stale_lease');
  });

  it('waitMs holds the answer until the task has ended, else gives its state', async () => {
    const held = await leased(server, { id: 'awaited', type: 'awaited' });
    const early = await server.expect(200, 'GET', '/api/v1/tasks/awaited?waitMs=100');
    assert.equal(early.state, 'running');
    const waiting = server.expect(200, 'GET', '/api/v1/tasks/awaited?waitMs=30000');
    await complete(server, held, 42);
    assert.deepEqual(await waiting.then((t) => [t.state, t.result]), ['completed', 42]);
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/tasks/awaited?waitMs=60001', undefined, ['waitMs']);
  });

  it('a failed attempt is retried after a growing pause, then the task is dead until it is redriven', async () => {
    const retry = { maxAttempts: 3, backoffMs: 200, multiplier: 2, jitter: 0 };
    const workerId = await worker(server, 'flaky');
    await submitBatch(server, [{ id: 'flaky', type: 'flaky', retry }, { id: 'after-flaky', type: 'flaky', dependsOn: ['flaky'] }]);
    for (const attempt of [1, 2, 3]) {
      const held = await leaseOne(server, workerId);
      assert.equal(held.attempt, attempt);
      const task = await failed(server, held, { error: { message: `broke ${attempt}`, code: 'E1', details: { attempt } } });
      assert.equal(task.state, attempt < 3 ? 'pending' : 'failed');
    }
    const dead = await taskOf(server, 'flaky');
    assert.deepEqual([dead.error.message, dead.error.code, dead.error.details, dead.attempt], ['broke 3', 'E1', { attempt: 3 }, 3]);
    const pauses = (await historyOf(server, 'flaky')).filter((e) => e.type === 'TASK.FAILED.RETRY')
      .map((e) => Date.parse(e.data.retryAt) - Date.parse(e.time));
    assert.deepEqual(pauses, [200, 400]);
    const listed = await everyItem(server, '/api/v1/tasks?state=failed&type=flaky');
    assert.deepEqual(listed.map((t) => t.id), ['flaky']);
    assert.equal((await ended(server, 'after-flaky')).state, 'cancelled');

    const redriven = await server.expect(200, 'POST', '/api/v1/tasks/flaky/retry', {});
    assert.equal(redriven.state, 'queued');
    const held = await leaseOne(server, workerId);
    assert.equal(held.attempt, 1, 'a redriven task has fresh attempts');
    await complete(server, held);
    assert.equal(await stateOf(server, 'flaky'), 'completed');
    assert.equal(await stateOf(server, 'after-flaky'), 'cancelled', 'dependents are redriven only when asked');
    await refused(server, 409, 'invalid_state', 'POST', '/api/v1/tasks/flaky/retry', {});
  });

  it('a redrive takes the cancelled dependents along when asked', async () => {
    const workerId = await worker(server, 'along');
    await submitBatch(server, [{ id: 'along-1', type: 'along', retry: NOW_RETRY }, { id: 'along-2', type: 'along', dependsOn: ['along-1'] }]);
    await failed(server, await leaseOne(server, workerId));
    assert.equal((await ended(server, 'along-2')).state, 'cancelled');
    await server.expect(200, 'POST', '/api/v1/tasks/along-1/retry', { dependents: true });
    await complete(server, await leaseOne(server, workerId));
    const held = await leaseOne(server, workerId);
    assert.equal(held.task.id, 'along-2');
    await complete(server, held);
  });

  it('a failure that is not retryable is final', async () => {
    const held = await leased(server, { id: 'final', type: 'final' });
    const task = await failed(server, held, { retryable: false });
    assert.deepEqual([task.state, task.attempt], ['failed', 1]);
  });
});

// Until the task is in that state, does `meanwhile` again and again.
async function reachesWhile(id: string, state: string, meanwhile: () => Promise<void>): Promise<Json> {
  for (let n = 0; n < 200; n++) {
    const task = await taskOf(server, id);
    if (task.state === state) return task;
    await meanwhile();
    await sleep(50);
  }
  throw new Error(`task ${id} did not become ${state}`);
}

describe('lineage', () => {
  it('counts children and retries of one root and stops at 100', async () => {
    await submit(server, { id: 'root', type: 'lineage' });
    const child = await submit(server, { id: 'child', type: 'lineage-child', parentId: 'root', retry: { maxAttempts: 100, backoffMs: 1 } });
    assert.deepEqual([child.parentId, child.rootId], ['root', 'root']);
    const grandchild = await submit(server, { type: 'lineage', parentId: 'child' });
    assert.equal(grandchild.rootId, 'root');
    const children = (n: number) => ({ tasks: Array.from({ length: n }, () => ({ type: 'lineage', parentId: 'root' })) });
    await refused(server, 429, 'lineage_limit', 'POST', '/api/v1/tasks/batch', children(99));
    await server.expect(201, 'POST', '/api/v1/tasks/batch', children(97));
    const workerId = await worker(server, 'lineage-child');
    await failed(server, await leaseOne(server, workerId)); // The hundredth.
    await refused(server, 429, 'lineage_limit', 'POST', '/api/v1/tasks', { type: 'lineage', parentId: 'root' });
    const last = await failed(server, await leaseOne(server, workerId));
    assert.deepEqual([last.state, last.reason], ['failed', 'lineage_limit']);
    assert.equal((await everyItem(server, '/api/v1/tasks?parentId=root')).length, 98);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'lineage', parentId: 'nobody' }, ['parentId']);
  });
});

describe('cancel', () => {
  it('ends at once what is not running, and tells why', async () => {
    await submitBatch(server, [{ id: 'x1', type: 'cancel' }, { id: 'x2', type: 'cancel', delayMs: 60_000 }]);
    for (const id of ['x1', 'x2']) {
      const task = await server.expect(200, 'POST', `/api/v1/tasks/${id}/cancel`, { reason: 'not wanted' });
      assert.equal(task.state, 'cancelled');
      assert.match(JSON.stringify((await historyOf(server, id)).at(-1)), /not wanted/);
      await server.expect(200, 'POST', `/api/v1/tasks/${id}/cancel`, {});
    }
    const held = await leased(server, { id: 'x3', type: 'cancel-late' });
    await complete(server, held);
    await refused(server, 409, 'invalid_state', 'POST', '/api/v1/tasks/x3/cancel', {});
    await refused(server, 404, 'not_found', 'POST', '/api/v1/tasks/nobody/cancel', {});
  });
});

describe('history and lists', () => {
  it('tells every transition with time, reason and actor', async () => {
    const workerId = await worker(server, 'told');
    await submit(server, { id: 'told', type: 'told', retry: { maxAttempts: 2, backoffMs: 1 } });
    await failed(server, await leaseOne(server, workerId));
    await complete(server, await leaseOne(server, workerId));
    const history = await historyOf(server, 'told');
    assert.deepEqual(history.map((e) => e.type), [
      'TASK.SUBMITTED.SUCCESS', 'TASK.ASSIGNED.SUCCESS', 'TASK.FAILED.RETRY', 'TASK.QUEUED.SUCCESS', 'TASK.ASSIGNED.SUCCESS',
      'TASK.COMPLETED.SUCCESS',
    ]);
    for (const event of history) {
      assert.match(event.time, RFC3339);
      assert.match(event.id, /^event_/);
      assert.ok(event.tags.includes('task:told'), JSON.stringify(event));
      assert.ok(event.metadata.actor.length > 0, JSON.stringify(event));
    }
    assert.equal(history[2].data.reason, 'reported');
    assert.equal(history[3].data.reason, 'backoff');
    assert.equal(history[3].metadata.actor, 'system');
    assert.notEqual(history[0].metadata.actor, 'system');
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/nobody/history');
  });

  it('lists by state, queue, type and tag, newest first, in pages', async () => {
    await submitBatch(server, Array.from({ length: 25 }, (_, i) => ({ id: `list-${i}`, type: `list-${i % 2}`, queue: 'lists', tags: i < 10 ? ['early'] : [] })));
    await server.expect(200, 'POST', '/api/v1/tasks/list-24/cancel', {});
    const all = await everyItem(server, '/api/v1/tasks?queue=lists', 7);
    assert.deepEqual(new Set(all.map((t) => t.id)).size, 25);
    assert.equal(all.length, 25);
    const queued = (await everyItem(server, '/api/v1/tasks?queue=lists&state=queued,pending', 7)).map((t) => t.id);
    assert.deepEqual(queued, Array.from({ length: 24 }, (_, i) => `list-${23 - i}`));
    assert.equal((await everyItem(server, '/api/v1/tasks?queue=lists&type=list-1')).length, 12);
    assert.equal((await everyItem(server, '/api/v1/tasks?queue=lists&tag=early', 3)).length, 10);
    assert.deepEqual((await everyItem(server, '/api/v1/tasks?queue=lists&state=cancelled')).map((t) => t.id), ['list-24']);
  });

  it('keeps namespaces apart', async () => {
    const team = { headers: { 'Arbiter-Namespace': 'team-a' } };
    await server.call('POST', '/api/v1/namespaces', { name: 'team-a' });
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'apart', type: 'apart' }, team);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/apart');
    await server.expect(200, 'GET', '/api/v1/tasks/apart?namespace=team-a');
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'apart', type: 'other' });
    const names = (await everyItem(server, '/api/v1/namespaces')).map((n) => n.name);
    assert.ok(names.includes('default') && names.includes('team-a'), String(names));
  });
});
