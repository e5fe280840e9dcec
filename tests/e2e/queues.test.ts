// Queues: pausing, limits, statistics, and changes to many tasks at once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  acted, complete, everyItem, failed, lease, leaseOne, problem, reaches, refused, stateOf, submit, submitBatch, taskOf, worker,
} from './support/api';
import { Json, Server, eventually } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const tasks = (count: number, task: Json): Json[] => Array.from({ length: count }, () => task);
const queue = (name: string): Promise<Json> => server.expect(200, 'GET', `/api/v1/queues/${name}`);

// Starts a bulk change and returns it when it is done.
async function bulk(body: Json): Promise<Json> {
  const started = await server.expect(202, 'POST', '/api/v1/tasks/bulk', body);
  assert.match(started.id, /^bulk_/);
  return eventually(`bulk ${started.id} is done`, async () => {
    const now = await server.expect(200, 'GET', `/api/v1/tasks/bulk/${started.id}`);
    return now.state === 'done' && now;
  });
}

describe('queues', () => {
  it('pause holds tasks back and resume hands them to who waits', async () => {
    await worker(server, 'paused');
    assert.equal((await server.expect(200, 'POST', '/api/v1/queues/pausing/pause', {})).paused, true);
    await submit(server, { id: 'paused-1', type: 'paused', queue: 'pausing' });
    assert.deepEqual(await lease(server, 'paused', { waitMs: 200 }), []);
    assert.match((await taskOf(server, 'paused-1')).waitingFor, /paused/);
    const waiting = leaseOne(server, 'paused', { waitMs: 20_000 });
    assert.equal((await server.expect(200, 'POST', '/api/v1/queues/pausing/resume', {})).paused, false);
    const held = await waiting;
    await server.expect(200, 'POST', '/api/v1/queues/pausing/pause', {});
    await complete(server, held); // What runs goes on.
    await refused(server, 404, 'not_found', 'POST', '/api/v1/queues/never-seen/resume', {});
    await refused(server, 404, 'not_found', 'GET', '/api/v1/queues/never-seen');
  });

  it('a full queue refuses whole submits with 429 and Retry-After, and takes them again', async () => {
    await server.expect(200, 'PUT', '/api/v1/queues/small', { maxDepth: 3 });
    await submitBatch(server, tasks(2, { type: 'small', queue: 'small' }));
    const batch = await server.call('POST', '/api/v1/tasks/batch', { tasks: tasks(2, { type: 'small', queue: 'small' }) });
    problem(batch, 429, 'queue_full');
    assert.ok(Number(batch.headers['retry-after']) >= 1);
    await submit(server, { id: 'small-3', type: 'small', queue: 'small' });
    const full = await server.call('POST', '/api/v1/tasks', { type: 'small', queue: 'small' });
    assert.equal(full.status, 429);
    assert.match(String(full.headers['retry-after']), /^\d+$/);
    await server.expect(200, 'POST', '/api/v1/tasks', { id: 'small-3', type: 'small', queue: 'small' }); // Nothing new.
    await server.expect(200, 'POST', '/api/v1/tasks/small-3/cancel', {});
    await submit(server, { type: 'small', queue: 'small' });
    assert.equal((await queue('small')).maxDepth, 3);
    await refused(server, 400, 'invalid_request', 'PUT', '/api/v1/queues/small', { maxDepth: -1 }, ['maxDepth']);
  });

  it('tell depth per state, age, rates and durations', async () => {
    await worker(server, 'stat');
    await submitBatch(server, [...tasks(10, { type: 'stat', queue: 'stats' }), { type: 'stat', queue: 'stats', delayMs: 600_000 }]);
    const held = await lease(server, 'stat', { max: 6 });
    const idle = await lease(server, 'stat', { max: 1, start: false });
    for (const one of held.slice(0, 4)) await complete(server, one);
    await failed(server, held[4]!, { retryable: false });
    const stats = await eventually('the oldest task has an age', async () => {
      const seen = await queue('stats');
      return seen.oldestAgeMs > 0 && seen;
    });
    const { pending, queued, assigned, running } = stats.depth;
    assert.deepEqual({ pending, queued, assigned, running }, { pending: 1, queued: 3, assigned: 1, running: 1 });
    assert.ok(stats.submittedPerSecond > 0 && stats.completedPerSecond > 0 && stats.failedPerSecond > 0, JSON.stringify(stats));
    assert.ok(stats.run.samples >= 4 && stats.wait.samples >= 6, JSON.stringify(stats));
    assert.ok(stats.run.p50Ms <= stats.run.p95Ms && stats.run.p95Ms <= stats.run.p99Ms);
    await acted(server, idle[0]!, 'release');
    const names = (await everyItem(server, '/api/v1/queues', 1)).map((q) => q.name);
    assert.ok(names.includes('stats'), String(names));
  });

  it('bulk cancel takes what the filter names and nothing else', async () => {
    await submitBatch(server, [
      ...tasks(600, { type: 'bulk', queue: 'bulk', tags: ['a'] }), ...tasks(200, { type: 'bulk', queue: 'bulk', tags: ['b'] }),
      ...tasks(100, { type: 'bulk-other', queue: 'bulk', tags: ['a'] }), ...tasks(100, { type: 'bulk', queue: 'bulk-other', tags: ['a'] }),
    ]);
    await submitBatch(server, tasks(900, { type: 'bulk', queue: 'bulk', tags: ['a'], delayMs: 600_000 }));
    const change = await bulk({ action: 'cancel', filter: { queue: 'bulk', type: 'bulk', tag: 'a' }, reason: 'spring cleaning' });
    assert.equal(change.done, 1_500);
    assert.ok(change.endedAt);
    // Its progress: each step of a cascade is an event.
    const steps = (await everyItem(server, `/api/v1/events?tags=bulk:${change.id}`)).filter((e) => e.type === 'BULK.ADVANCED.SUCCESS');
    assert.ok(steps.length > 1 && steps.every((e) => e.data.done <= 1_000), JSON.stringify(steps.map((e) => e.data)));
    assert.equal(steps.at(-1)!.data.state, 'done');
    const left = await everyItem(server, '/api/v1/tasks?state=queued,pending&queue=bulk');
    assert.equal(left.length, 300);
    assert.equal((await everyItem(server, '/api/v1/tasks?state=queued&queue=bulk-other')).length, 100);
    const gone = await everyItem(server, '/api/v1/tasks?state=cancelled&queue=bulk');
    assert.equal(gone.length, 1_500);
  });

  it('bulk cancel asks the workers of running tasks', async () => {
    await worker(server, 'bulk-run');
    await submit(server, { id: 'bulk-run', type: 'bulk-run', queue: 'bulk-run' });
    const held = await leaseOne(server, 'bulk-run');
    await bulk({ action: 'cancel', filter: { queue: 'bulk-run' } });
    const task = await taskOf(server, 'bulk-run');
    assert.deepEqual([task.state, task.cancelRequested], ['running', true]);
    await acted(server, held, 'release');
    assert.equal(await stateOf(server, 'bulk-run'), 'cancelled');
  });

  it('bulk retry redrives dead tasks with fresh attempts', async () => {
    await worker(server, 'dead');
    await submitBatch(server, Array.from({ length: 30 }, (_, i) => ({ id: `dead-${i}`, type: 'dead', queue: 'dead', tags: [i < 20 ? 'x' : 'y'], retry: { maxAttempts: 1 } })));
    const held = await lease(server, 'dead', { max: 30 });
    const reports = held.map((l) => ({ taskId: l.task.id, lease: l.lease, outcome: 'failed', error: { message: 'no' } }));
    await server.expect(200, 'POST', '/api/v1/tasks/report', { workerId: 'dead', reports });
    assert.equal((await everyItem(server, '/api/v1/tasks?state=failed&queue=dead')).length, 30);
    assert.equal((await bulk({ action: 'retry', filter: { queue: 'dead', tag: 'x' } })).done, 20);
    const again = await lease(server, 'dead', { max: 100 });
    assert.equal(again.length, 20);
    assert.ok(again.every((l) => l.attempt === 1));
    await reaches(server, 'dead-25', 'failed');
  });

  it('refuses a bulk change that makes no sense', async () => {
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/bulk', { action: 'explode' }, ['action']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/bulk', { action: 'retry', filter: { state: ['queued'] } }, ['filter.state[0]']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/bulk', { action: 'cancel', filter: { color: 1 } }, ['filter.color']);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/bulk/bulk_nobody');
  });
});
