// Workers: how they come, show that they live, are told to stop, and go; and what becomes of their tasks.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  act, acted, complete, ended, eventsAfter, everyItem, failed, historyOf, lease, leaseOne, leased, problem, reaches, refused, sleep, stateOf,
  submit, submitBatch, taskOf, worker,
} from './support/api';
import { Json, Server, eventually } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const beat = (id: string, body: Json = {}): Promise<Json> => server.expect(200, 'POST', `/api/v1/workers/${id}/heartbeat`, body);

describe('workers', { concurrency: 20 }, () => {
  it('register with what they can do and are listed', async () => {
    const definition = { capabilities: ['shell', 'review'], languages: ['go'], labels: { zone: 'a' }, queues: ['nightly'], maxConcurrent: 4, location: 'rack 7' };
    const made = await server.expect(201, 'POST', '/api/v1/workers', { name: 'reg', ...definition });
    assert.deepEqual([made.id, made.name, made.state], ['reg', 'reg', 'live']);
    const seen = await server.expect(200, 'GET', '/api/v1/workers/reg');
    for (const [key, value] of Object.entries(definition)) assert.deepEqual(seen[key], value, key);
    assert.ok(Date.parse(seen.lastSeenAt) > 0);
    const unnamed = await server.expect(201, 'POST', '/api/v1/workers', { capabilities: ['shell'] });
    assert.match(unnamed.id, /^worker_/);
    const reviewers = await everyItem(server, '/api/v1/workers?capability=review&state=live', 1);
    assert.deepEqual(reviewers.map((w) => w.id), ['reg']);
    await refused(server, 404, 'unknown_worker', 'GET', '/api/v1/workers/nobody');
    await refused(server, 404, 'unknown_worker', 'POST', '/api/v1/workers/nobody/heartbeat', {});
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/workers', { name: 'a b', maxConcurrent: 0, labels: [], capabilities: [1] },
      ['name', 'maxConcurrent', 'labels', 'capabilities[0]']);
  });

  it('take at least 1,000 tasks at a time when they say so', async () => {
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'wide', capabilities: ['wide'], maxConcurrent: 1_000 });
  });

  it('a heartbeat renews all leases of a worker; a lease without one is lost and counts', async () => {
    const kept = await leased(server, { id: 'kept', type: 'kept' }, { leaseMs: 1_500 });
    await leased(server, { id: 'lost', type: 'lost', retry: { maxAttempts: 2, backoffMs: 60_000 } }, { leaseMs: 1_500 });
    for (let n = 0; n < 8; n++) {
      await sleep(300);
      assert.equal((await beat('kept')).running, 1);
    }
    assert.equal(await stateOf(server, 'kept'), 'running');
    await complete(server, kept);
    const lost = await taskOf(server, 'lost');
    assert.equal(lost.state, 'pending');
    assert.equal(lost.error.code, 'lease_expired');
    const event = (await historyOf(server, 'lost')).find((e) => e.type === 'TASK.FAILED.RETRY');
    assert.deepEqual([event.data.reason, event.data.counted], ['lease_expired', true]);
  });

  it('a heartbeat that names leases renews these only and says which are gone', async () => {
    await worker(server, 'named');
    const first = await (async () => (await submit(server, { type: 'named', retry: { backoffMs: 60_000 } }), leaseOne(server, 'named', { leaseMs: 1_500 })))();
    const second = await (async () => (await submit(server, { type: 'named', retry: { backoffMs: 60_000 } }), leaseOne(server, 'named', { leaseMs: 1_500 })))();
    const until = Date.now() + 10_000;
    while ((await stateOf(server, second.task.id)) === 'running') {
      assert.ok(Date.now() < until, 'a lease that heartbeats leave out runs out');
      await sleep(100);
      await beat('named', { leases: [first.lease] });
    }
    const reply = await beat('named', { leases: [first.lease, second.lease] });
    assert.deepEqual(reply.lost.map((l: Json) => l.lease), [second.lease]);
    assert.equal(await stateOf(server, first.task.id), 'running');
  });

  it('hear of a cancellation in a waiting heartbeat, in a lease and in a report; then the task ends as they say', async () => {
    const held = await leased(server, { id: 'stop', type: 'stop' });
    const waiting = beat('stop', { waitMs: 30_000 });
    await sleep(200);
    const cancelled = await server.expect(200, 'POST', '/api/v1/tasks/stop/cancel', { reason: 'enough' });
    assert.deepEqual([cancelled.state, cancelled.cancelRequested], ['running', true]);
    const told = [{ taskId: 'stop', lease: held.lease }];
    assert.deepEqual((await waiting).cancellations, told);
    assert.deepEqual((await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'stop' })).cancellations, told);
    assert.deepEqual((await server.expect(200, 'POST', '/api/v1/tasks/report', { workerId: 'stop', reports: [] })).cancellations, told);
    assert.equal((await acted(server, held, 'progress')).cancelRequested, true);
    await failed(server, held);
    assert.equal(await stateOf(server, 'stop'), 'cancelled');
    await failed(server, held); // The answer was lost: the same outcome again.
    const finished = await leased(server, { id: 'stop-2', type: 'stop-2' });
    await server.expect(200, 'POST', '/api/v1/tasks/stop-2/cancel', {});
    await complete(server, finished);
    assert.equal(await stateOf(server, 'stop-2'), 'completed', 'work that was done before the worker stopped counts');
  });

  it('lose a cancelled task after the grace time', async () => {
    const held = await leased(server, { id: 'grace', type: 'grace' });
    const from = Date.now();
    await server.expect(200, 'POST', '/api/v1/tasks/grace/cancel', { reason: 'now' });
    const task = await ended(server, 'grace', 20_000);
    assert.equal(task.state, 'cancelled');
    assert.ok(Date.now() - from > 8_000, 'not before the grace time');
    problem(await act(server, held, 'complete'), 409, 'stale_lease');
  });

  it('an assigned task is cancelled at once', async () => {
    const held = await leased(server, { id: 'soft', type: 'soft' }, { start: false });
    assert.equal((await server.expect(200, 'POST', '/api/v1/tasks/soft/cancel', {})).state, 'cancelled');
    problem(await act(server, held, 'start'), 409, 'stale_lease');
  });

  it('drain: get no more, keep what they have, and are told', async () => {
    const held = await leased(server, { id: 'drain-1', type: 'drain' });
    const waiting = beat('drain', { waitMs: 30_000 });
    const polling = server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'drain', waitMs: 30_000 });
    await sleep(200);
    assert.equal((await server.expect(200, 'POST', '/api/v1/workers/drain/drain', {})).state, 'draining');
    assert.equal((await waiting).drain, true);
    assert.equal((await polling).drain, true);
    await submit(server, { id: 'drain-2', type: 'drain' });
    assert.deepEqual(await lease(server, 'drain', { waitMs: 30_000 }), []);
    await complete(server, held);
    assert.equal(await stateOf(server, 'drain-2'), 'queued');
    await worker(server, 'drain'); // A new session is live again.
    assert.equal((await leaseOne(server, 'drain')).task.id, 'drain-2');
  });

  it('deregister: their tasks go back uncounted', async () => {
    const held = await leased(server, { id: 'leave', type: 'leave', retry: { maxAttempts: 1 } });
    const answer = await server.call('DELETE', '/api/v1/workers/leave');
    assert.ok([200, 204].includes(answer.status), answer.text);
    const task = await reaches(server, 'leave', 'queued');
    assert.equal(task.attempt, 0);
    problem(await act(server, held, 'complete'), 409, 'stale_lease');
    await refused(server, 404, 'unknown_worker', 'POST', '/api/v1/workers/leave/heartbeat', {});
  });

  it('are lost after 30 s of silence: their attempts count; a sign of life brings them back', async () => {
    const held = await leased(server, { id: 'silent', type: 'silent', retry: { maxAttempts: 2, backoffMs: 60_000 } }, { leaseMs: 600_000 });
    const from = Date.now();
    const task = await reaches(server, 'silent', 'pending', 45_000);
    assert.ok(Date.now() - from > 25_000, 'not before its time');
    assert.equal(task.error.code, 'worker_lost');
    assert.equal((await server.expect(200, 'GET', '/api/v1/workers/silent')).state, 'lost');
    problem(await act(server, held, 'complete'), 409, 'stale_lease');
    assert.equal((await beat('silent')).state, 'live');
  });

  it('a waiting request is a sign of life', async () => {
    await leased(server, { id: 'patient', type: 'patient' });
    const reply = await beat('patient', { waitMs: 40_000 });
    assert.equal(reply.state, 'live');
    assert.equal(await stateOf(server, 'patient'), 'running');
  });
});

// Alone: what must go on without any further request would be helped by those of other tests.
describe('a crowd', () => {
  it('deregister with thousands of tasks: all go back, in steps, without any further request', async () => {
    await worker(server, 'crowd', { maxConcurrent: 3_000, queues: ['crowd'] });
    for (let n = 0; n < 3; n++) await submitBatch(server, Array.from({ length: 1_000 }, () => ({ type: 'crowd', queue: 'crowd' })));
    for (let n = 0; n < 3; n++) assert.equal((await lease(server, 'crowd', { max: 1_000 })).length, 1_000);
    await server.expect(200, 'DELETE', '/api/v1/workers/crowd');
    // Reading the log asks nothing of the core.
    await eventually('3,000 are back', async () => (await eventsAfter(server, 0, '&types=TASK.RELEASED.SUCCESS')).filter((e) => e.data.worker === 'crowd').length === 3_000);
    const { depth } = await server.expect(200, 'GET', '/api/v1/queues/crowd');
    assert.deepEqual([depth.queued, depth.running], [3_000, 0]);
  });
});
