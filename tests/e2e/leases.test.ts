// Leases: who gets which task, what its holder may do, and what is refused from anyone else.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  Lease, act, acted, complete, eventsAfter, failed, historyOf, lease, leaseOne, leased, problem, reaches, refused, stateOf,
  submit, submitBatch, taskOf, worker,
} from './support/api';
import { Json, Server, eventually } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const ids = (leases: Lease[]): string[] => leases.map((l) => l.task.id);

describe('lease', () => {
  it('hands out by priority, then by age', async () => {
    const workerId = await worker(server, 'order');
    await submitBatch(server, [
      { id: 'o-low', type: 'order', priority: 'low' }, { id: 'o-1', type: 'order' }, { id: 'o-high', type: 'order', priority: 8, queue: 'other' },
      { id: 'o-2', type: 'order', queue: 'other' }, { id: 'o-3', type: 'order' }, { id: 'o-top', type: 'order', priority: 'critical' },
    ]);
    assert.deepEqual(ids(await lease(server, workerId, { max: 2 })), ['o-top', 'o-high']);
    assert.deepEqual(ids(await lease(server, workerId, { max: 1_000 })), ['o-1', 'o-2', 'o-3', 'o-low']);
  });

  it('makes a task run at once under a number of its own', async () => {
    const held = await leased(server, { id: 'num', type: 'num' });
    assert.equal(typeof held.lease, 'string');
    assert.equal(held.attempt, 1);
    assert.ok(Date.parse(held.expiresAt) > Date.now() + 20_000);
    const task = await taskOf(server, 'num');
    assert.deepEqual([task.state, task.workerId, task.attempt], ['running', 'num', 1]);
    await acted(server, held, 'release');
    const next = await leaseOne(server, 'num');
    assert.notEqual(next.lease, held.lease);
  });

  it('matches capabilities, languages, labels and worker; * stands for any type', async () => {
    const needs: Json = { capabilities: ['gpu'], languages: ['rust', 'go'], labels: { zone: 'a', disk: 'ssd' } };
    const full: Json = { capabilities: ['match', 'gpu', 'x'], languages: ['go', 'rust'], labels: { zone: 'a', disk: 'ssd', more: '1' } };
    const lacking: Json = {
      'm-type': { ...full, capabilities: ['gpu'] }, 'm-capability': { ...full, capabilities: ['match'] }, 'm-language': { ...full, languages: ['go'] },
      'm-label': { ...full, labels: { zone: 'a' } }, 'm-value': { ...full, labels: { zone: 'b', disk: 'ssd' } },
      'm-star-only': { ...full, capabilities: ['*'] },
    };
    await submit(server, { id: 'm1', type: 'match', requirements: needs });
    for (const [name, definition] of Object.entries(lacking)) {
      await worker(server, name, definition as Json);
      assert.deepEqual(await lease(server, name), [], name);
    }
    await worker(server, 'm-full', full);
    assert.deepEqual(ids(await lease(server, 'm-full')), ['m1']);
    await worker(server, 'm-star', { ...full, capabilities: ['*', 'gpu'], queues: ['stars'] });
    await submit(server, { id: 'm2', type: 'anything-at-all', queue: 'stars', requirements: needs });
    assert.deepEqual(ids(await lease(server, 'm-star')), ['m2']);
    await submit(server, { id: 'm3', type: 'match', requirements: { workerId: 'm-other' } });
    assert.deepEqual(await lease(server, 'm-full'), []);
    await worker(server, 'm-other', full);
    assert.deepEqual(ids(await lease(server, 'm-other')), ['m3']);
  });

  it('keeps to the queues of the worker, and to types and queues of the request', async () => {
    await worker(server, 'q-worker', { capabilities: ['qa', 'qb'], queues: ['q1', 'q2'] });
    await submitBatch(server, [
      { id: 'q-a1', type: 'qa', queue: 'q1' }, { id: 'q-b1', type: 'qb', queue: 'q1' }, { id: 'q-a2', type: 'qa', queue: 'q2' }, { id: 'q-a3', type: 'qa', queue: 'q3' },
    ]);
    assert.deepEqual(ids(await lease(server, 'q-worker', { max: 10, types: ['qb'] })), ['q-b1']);
    assert.deepEqual(ids(await lease(server, 'q-worker', { max: 10, queues: ['q2', 'q3'] })), ['q-a2']);
    assert.deepEqual(ids(await lease(server, 'q-worker', { max: 10 })), ['q-a1']);
  });

  it('gives a worker at most maxConcurrent tasks', async () => {
    await worker(server, 'two', { maxConcurrent: 2 });
    await submitBatch(server, [1, 2, 3].map((n) => ({ id: `two-${n}`, type: 'two' })));
    const held = await lease(server, 'two', { max: 10 });
    assert.deepEqual(ids(held), ['two-1', 'two-2']);
    assert.deepEqual(await lease(server, 'two', { max: 10 }), []);
    const waiting = leaseOne(server, 'two', { max: 10 });
    await complete(server, held[0]!);
    assert.equal((await waiting).task.id, 'two-3', 'a freed slot is filled while the worker waits');
  });

  it('waits for work: a submit that finds a waiting worker assigns in the same commit', async () => {
    await worker(server, 'poll');
    const waiting = leaseOne(server, 'poll', { waitMs: 30_000 });
    await parked(1);
    await submit(server, { id: 'poll-1', type: 'poll' });
    const held = await waiting;
    assert.equal(held.task.id, 'poll-1');
    const [first, second] = await historyOf(server, 'poll-1');
    assert.equal(second.position, first.position + 1);
    assert.equal(second.time, first.time);
    assert.equal(second.type, 'TASK.ASSIGNED.SUCCESS');
  });

  it('answers with nothing when the wait is over, and refuses longer waits than 60 s', async () => {
    await worker(server, 'idle');
    assert.deepEqual(await lease(server, 'idle', { waitMs: 200 }), []);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/lease',
      { workerId: 'idle', waitMs: 60_001, max: 0, leaseMs: 5 }, ['waitMs', 'max', 'leaseMs']);
    await refused(server, 404, 'unknown_worker', 'POST', '/api/v1/tasks/lease', { workerId: 'nobody' });
  });

  it('gives back at once, uncounted, what a vanished client would have got', async () => {
    await worker(server, 'gone-client');
    await pollAndHangUp('gone-client');
    await submit(server, { id: 'gone-1', type: 'gone-client' });
    const held = await eventually('the task is handed out again', async () => (await lease(server, 'gone-client'))[0]);
    assert.deepEqual([held.task.id, held.attempt], ['gone-1', 1]);
  });

  it('leaves a task assigned with start: false until it is started', async () => {
    const held = await leased(server, { id: 'held', type: 'held', timeoutMs: 60_000 }, { start: false });
    assert.equal(held.task.state, 'assigned');
    problem(await act(server, held, 'complete'), 409, 'invalid_state');
    assert.equal(await stateOf(server, 'held'), 'assigned');
    assert.equal((await acted(server, held, 'start')).state, 'running');
    assert.equal((await acted(server, held, 'start')).state, 'running');
    await complete(server, held);
    const types = (await historyOf(server, 'held')).map((e) => e.type);
    assert.deepEqual(types, ['TASK.SUBMITTED.SUCCESS', 'TASK.ASSIGNED.SUCCESS', 'TASK.STARTED.SUCCESS', 'TASK.COMPLETED.SUCCESS']);
  });

  it('hands out 1,000 at once and takes 1,000 reports at once', async () => {
    await worker(server, 'many');
    await submitBatch(server, Array.from({ length: 1_000 }, (_, i) => ({ id: `many-${i}`, type: 'many' })));
    const held = await lease(server, 'many', { max: 1_000 });
    assert.equal(held.length, 1_000);
    assert.equal(new Set(held.map((l) => l.lease)).size, 1_000);
    const reports = held.map((l, n) => ({ taskId: l.task.id, lease: l.lease, outcome: 'completed', result: n }));
    const answer = await server.expect(200, 'POST', '/api/v1/tasks/report', { workerId: 'many', reports });
    assert.ok(answer.results.every((r: Json) => r.state === 'completed'), JSON.stringify(answer.results.slice(0, 3)));
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/lease', { workerId: 'many', max: 1_001 }, ['max']);
  });
});

// Until the server has taken so many requests besides the one that asks; what is sent then is handled after them.
async function parked(count: number): Promise<void> {
  const line = `arbiter_requests_in_flight ${count + 1}`;
  await eventually(line, async () => (await server.call('GET', '/metrics')).text.split('\n').includes(line));
}

// Begins a long poll and leaves before its answer.
async function pollAndHangUp(workerId: string): Promise<void> {
  const abort = new AbortController();
  fetch(`${server.url}/api/v1/tasks/lease`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${server.token}` },
    body: JSON.stringify({ workerId, waitMs: 30_000 }),
    signal: abort.signal,
  }).catch(() => undefined);
  await parked(1);
  abort.abort();
}

describe('under a lease', () => {
  it('progress and log lines are kept and readable while the task runs', async () => {
    const held = await leased(server, { id: 'live', type: 'live' });
    const status = await acted(server, held, 'progress', { percent: 40, message: 'half way' });
    assert.deepEqual([status.state, status.lease], ['running', held.lease]);
    const task = await taskOf(server, 'live');
    assert.deepEqual([task.progress.percent, task.progress.message], [40, 'half way']);
    await acted(server, held, 'log', { lines: ['one', 'zwei ☃'] });
    await acted(server, held, 'log', { lines: ['', 'three'] });
    const log = await server.expect(200, 'GET', '/api/v1/tasks/live/logs');
    assert.deepEqual(log.items.map((l: Json) => [l.attempt, l.text]), [[1, 'one'], [1, 'zwei ☃'], [1, ''], [1, 'three']]);
    const sequences = log.items.map((l: Json) => l.sequence);
    assert.deepEqual(sequences, [...sequences].sort((a, b) => a - b));
    assert.equal(log.truncated, false);
    const rest = await server.expect(200, 'GET', `/api/v1/tasks/live/logs?after=${sequences[1]}`);
    assert.deepEqual(rest.items.map((l: Json) => l.text), ['', 'three']);
    const first = await server.expect(200, 'GET', '/api/v1/tasks/live/logs?limit=3');
    assert.equal(first.items.length, 3);
    problem(await act(server, held, 'progress', { percent: 101 }), 400, 'invalid_request', 'percent');
    problem(await act(server, held, 'log', {}), 400, 'invalid_request', 'lines');
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/nobody/logs');
  });

  it('keeps at most 10 MiB of log and says what is missing', async () => {
    const held = await leased(server, { id: 'chatty', type: 'chatty' });
    for (let n = 0; n < 11; n++) await acted(server, held, 'log', { lines: Array.from({ length: 1_000 }, (_, i) => `${n}-${i} `.padEnd(1_024, 'x')) });
    let [bytes, after, truncated] = [0, 0, false];
    for (;;) {
      const page = await server.expect(200, 'GET', `/api/v1/tasks/chatty/logs?after=${after}&limit=1000`);
      if (page.items.length === 0) break;
      for (const line of page.items) bytes += line.text.length;
      [after, truncated] = [page.next, page.truncated];
    }
    assert.equal(truncated, true);
    assert.ok(bytes > 9 * 1024 * 1024 && bytes <= 10 * 1024 * 1024, String(bytes));
    await complete(server, held);
  });

  it('a lease that was asked for under a key is given again under it', async () => {
    await worker(server, 'keyed');
    await submitBatch(server, [{ type: 'keyed' }, { type: 'keyed' }]);
    const options = { headers: { 'Idempotency-Key': 'lease-1' } };
    const first = await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'keyed' }, options);
    assert.deepEqual((await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'keyed' }, options)).leases[0].lease, first.leases[0].lease);
  });

  it('extend moves the end of the lease', async () => {
    const held = await leased(server, { id: 'longer', type: 'longer' });
    const status = await acted(server, held, 'extend', { leaseMs: 600_000 });
    assert.ok(Date.parse(status.expiresAt) > Date.now() + 590_000);
  });

  it('complete keeps result, quality and usage', async () => {
    const held = await leased(server, { id: 'whole', type: 'whole' });
    await acted(server, held, 'complete', { result: [1, { two: 2 }], qualityScore: 0.75, usage: { inputTokens: 10, outputTokens: 20, cost: 0.5 } });
    const task = await taskOf(server, 'whole');
    assert.equal(task.state, 'completed');
    assert.deepEqual(task.result, [1, { two: 2 }]);
    assert.equal(task.qualityScore, 0.75);
    assert.deepEqual(task.usage, { inputTokens: 10, outputTokens: 20, cost: 0.5 });
    const other = await leased(server, { type: 'whole-2' });
    problem(await act(server, other, 'complete', { qualityScore: 1.5, usage: { tokens: -1 } }), 400, 'invalid_request', 'qualityScore', 'usage.tokens');
    problem(await act(server, other, 'fail', {}), 400, 'invalid_request', 'error');
  });

  it('release hands back without counting the attempt', async () => {
    const held = await leased(server, { id: 'back', type: 'back', retry: { maxAttempts: 1 } });
    const task = await acted(server, held, 'release', { reason: 'busy' });
    assert.deepEqual([task.state, task.attempt], ['queued', 0]);
    assert.equal((await leaseOne(server, 'back')).attempt, 1);
  });

  it('the same outcome again is answered as the first time, another is refused', async () => {
    const held = await leased(server, { id: 'twice', type: 'twice' });
    await complete(server, held, { n: 1 });
    const position = (await historyOf(server, 'twice')).at(-1).position;
    assert.equal((await complete(server, held, { n: 1 })).state, 'completed');
    problem(await act(server, held, 'complete', { result: { n: 2 } }), 409, 'outcome_conflict');
    problem(await act(server, held, 'fail', { error: { message: 'no' } }), 409, 'outcome_conflict');
    problem(await act(server, held, 'release'), 409, 'outcome_conflict');
    assert.equal((await historyOf(server, 'twice')).at(-1).position, position);
    assert.deepEqual((await taskOf(server, 'twice')).result, { n: 1 });

    const failing = await leased(server, { id: 'twice-f', type: 'twice-f', retry: { maxAttempts: 5, backoffMs: 60_000 } });
    await failed(server, failing);
    assert.equal((await failed(server, failing)).state, 'pending');
    const failures = (await historyOf(server, 'twice-f')).filter((e) => e.type.startsWith('TASK.FAILED'));
    assert.equal(failures.length, 1);
  });

  it('an old lease is refused everywhere and changes nothing', async () => {
    const old = await leased(server, { id: 'stale', type: 'stale' }, { leaseMs: 300 });
    // Taken away: its worker is silent past the lease.
    await reaches(server, 'stale', 'pending', 5_000);
    const again = await leaseOne(server, 'stale');
    assert.equal(again.attempt, 2, 'a lost lease counts');
    const head = (await eventsAfter(server, 0)).at(-1).position;
    const bodies: Json = { log: { lines: ['late'] }, fail: { error: { message: 'late' } } };
    for (const verb of ['start', 'progress', 'log', 'complete', 'fail', 'release', 'extend']) {
      problem(await act(server, old, verb, bodies[verb] ?? {}), 409, 'stale_lease');
      problem(await act(server, { ...again, lease: '999999999' }, verb, bodies[verb] ?? {}), 409, 'stale_lease');
    }
    assert.deepEqual(await eventsAfter(server, head), [], 'no event was written');
    assert.deepEqual((await server.expect(200, 'GET', '/api/v1/tasks/stale/logs')).items, []);
    assert.equal(await stateOf(server, 'stale'), 'running');
    await complete(server, again);
    problem(await act(server, old, 'complete'), 409, 'stale_lease');
    await refused(server, 404, 'not_found', 'POST', '/api/v1/tasks/nobody/complete', { lease: '1' });
  });
});

describe('report', () => {
  it('carries many outcomes, judges each by itself and fetches the next tasks', async () => {
    await worker(server, 'rep');
    await submitBatch(server, [1, 2, 3, 4].map((n) => ({ id: `rep-${n}`, type: 'rep', retry: { maxAttempts: 1 } })));
    const held = await lease(server, 'rep', { max: 4 });
    await submitBatch(server, [5, 6, 7].map((n) => ({ id: `rep-${n}`, type: 'rep' })));
    const report = (n: number, rest: Json) => ({ taskId: held[n]!.task.id, lease: held[n]!.lease, ...rest });
    const body = {
      workerId: 'rep',
      reports: [
        report(0, { outcome: 'completed', result: { ok: true } }),
        report(1, { outcome: 'failed', error: { message: 'no' }, retryable: false }),
        report(2, { outcome: 'released' }),
        { taskId: 'rep-4', lease: '999999999', outcome: 'completed' },
        { taskId: 'nobody', lease: '1', outcome: 'completed' },
      ],
      lease: { max: 2 },
    };
    const answer = await server.expect(200, 'POST', '/api/v1/tasks/report', body);
    assert.deepEqual(answer.results.map((r: Json) => [r.taskId, r.state ?? r.code]), [
      ['rep-1', 'completed'], ['rep-2', 'failed'], ['rep-3', answer.results[2].state], ['rep-4', 'stale_lease'], ['nobody', 'not_found'],
    ]);
    assert.deepEqual(ids(answer.leases), ['rep-3', 'rep-5']);
    assert.equal(await stateOf(server, 'rep-4'), 'running');
    // The whole report again: outcomes are recorded once.
    const again = await server.expect(200, 'POST', '/api/v1/tasks/report', { ...body, reports: body.reports.slice(0, 2), lease: undefined });
    assert.deepEqual(again.results.map((r: Json) => r.state), ['completed', 'failed']);
  });

  it('names bad fields by their place', async () => {
    await worker(server, 'rep-bad');
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/report', {
      workerId: 'rep-bad', reports: [{ taskId: 'a', lease: '1', outcome: 'maybe' }, { lease: '1', outcome: 'completed', extra: 1 }], lease: { max: 5_000 },
    }, ['reports[0].outcome', 'reports[1].taskId', 'reports[1].extra', 'lease.max']);
  });

  it('waits for work only when it has no outcomes to tell', async () => {
    await worker(server, 'r-wait');
    const waiting = server.expect(200, 'POST', '/api/v1/tasks/report', { workerId: 'r-wait', reports: [], lease: { max: 2, waitMs: 30_000 } });
    await eventually('it waits', async () => /^arbiter_waiters\{namespace="default"\} [1-9]/m.test((await server.call('GET', '/metrics')).text));
    await submit(server, { id: 'r-wait-1', type: 'r-wait' });
    const { leases } = await waiting;
    assert.deepEqual(leases.map((l: Json) => l.task.id), ['r-wait-1']);
    const from = Date.now();
    const reports = [{ taskId: 'r-wait-1', lease: leases[0].lease, outcome: 'completed' }];
    const answer = await server.expect(200, 'POST', '/api/v1/tasks/report', { workerId: 'r-wait', reports, lease: { max: 1, waitMs: 30_000 } });
    assert.deepEqual([answer.results[0].state, answer.leases], ['completed', []]);
    assert.ok(Date.now() - from < 20_000, 'outcomes are acknowledged at once');
  });
});

describe('sessions', () => {
  it('the newer registration of a name wins, takes the leases over, and the older one is told', async () => {
    const first = await server.expect(201, 'POST', '/api/v1/workers', { name: 'twin', capabilities: ['twin'], maxConcurrent: 5 });
    await submitBatch(server, [1, 2].map((n) => ({ id: `twin-${n}`, type: 'twin' })));
    const held = await lease(server, 'twin', { max: 1, session: first.session });
    const second = await server.expect(200, 'POST', '/api/v1/workers', { name: 'twin', capabilities: ['twin'], maxConcurrent: 5 });
    assert.equal(second.session, first.session + 1);
    assert.deepEqual(second.leases.map((l: Json) => [l.task.id, l.lease]), [['twin-1', held[0]!.lease]]);
    await refused(server, 409, 'session_replaced', 'POST', '/api/v1/tasks/lease', { workerId: 'twin', session: first.session });
    await refused(server, 409, 'session_replaced', 'POST', '/api/v1/workers/twin/heartbeat', { session: first.session });
    await refused(server, 409, 'session_replaced', 'POST', '/api/v1/tasks/report', { workerId: 'twin', session: first.session, reports: [] });
    await complete(server, held[0]!);
    assert.deepEqual(ids(await lease(server, 'twin', { session: second.session })), ['twin-2']);
  });
});
