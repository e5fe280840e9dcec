// Limits of queues and keys, pauses with an end, unique keys; from outside and over restarts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { complete, lease, leaseOne, problem, refused, stateOf, submit, taskOf, worker } from './support/api';
import { Server } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

describe('limits', () => {
  it('hold tasks of a key back across queues, and say so', async () => {
    await worker(server, 'keyed', { maxConcurrent: 10 });
    await server.expect(200, 'PUT', '/api/v1/keys/acme', { concurrency: 1 });
    for (const queue of ['north', 'south']) await submit(server, { id: `acme-${queue}`, type: 'keyed', queue, concurrencyKey: 'acme' });
    const held = await lease(server, 'keyed', { max: 10 });
    assert.equal(held.length, 1);
    assert.match((await taskOf(server, 'acme-south')).waitingFor, /concurrency limit of key acme \(1\)/);
    const key = await server.expect(200, 'GET', '/api/v1/keys/acme');
    assert.deepEqual([key.concurrency, key.running, key.queued], [1, 1, 1]);
    const waiting = leaseOne(server, 'keyed', { waitMs: 20_000 });
    await complete(server, held[0]!);
    await complete(server, await waiting);
  });

  it('hold over a restart of the server', async () => {
    await worker(server, 'again', { maxConcurrent: 10 });
    await server.expect(200, 'PUT', '/api/v1/queues/narrow', { concurrency: 2, keyLimits: { concurrency: 1 } });
    for (const id of ['n1', 'n2', 'n3']) await submit(server, { id, type: 'again', queue: 'narrow', concurrencyKey: id === 'n3' ? 'b' : 'a' });
    assert.deepEqual((await lease(server, 'again', { max: 10 })).map((l) => l.task.id).sort(), ['n1', 'n3']);
    await server.expect(200, 'POST', '/api/v1/keys/slow/pause', { forMs: 3_600_000, reason: 'told to wait' });
    await server.restart();
    assert.deepEqual(await lease(server, 'again', { max: 10 }), []);
    assert.equal((await server.expect(200, 'GET', '/api/v1/keys/a')).running, 1);
    const queue = await server.expect(200, 'GET', '/api/v1/queues/narrow');
    assert.deepEqual([queue.concurrency, queue.keyLimits.concurrency], [2, 1]);
    assert.equal((await server.expect(200, 'GET', '/api/v1/keys/slow')).paused, true);
  });

  it('let a rate through one by one, the rest when its time comes', async () => {
    await worker(server, 'rated', { maxConcurrent: 10 });
    await server.expect(200, 'PUT', '/api/v1/keys/api', { rate: { count: 5, perMs: 1_000 } });
    for (const id of ['r1', 'r2']) await submit(server, { id, type: 'rated', rateKey: 'api' });
    const first = await leaseOne(server, 'rated', { waitMs: 20_000 });
    const second = await leaseOne(server, 'rated', { waitMs: 20_000 });
    const started = [first, second].map((l) => Date.parse(l.task.startedAt));
    assert.ok(started[1]! - started[0]! >= 200, `${started[1]! - started[0]!} ms apart`);
  });

  it('end a pause by themselves', async () => {
    await worker(server, 'paused');
    await submit(server, { id: 'p1', type: 'paused', rateKey: 'upstream' });
    const paused = await server.expect(200, 'POST', '/api/v1/keys/upstream/pause', { forMs: 300 });
    assert.equal(paused.paused, true);
    assert.ok(Date.parse(paused.pausedUntil) > 0);
    assert.match((await taskOf(server, 'p1')).waitingFor, /key upstream is paused until/);
    await complete(server, await leaseOne(server, 'paused', { waitMs: 20_000 }));
    const events = await server.expect(200, 'GET', '/api/v1/events?tags=key:upstream');
    assert.deepEqual(events.items.map((e: any) => e.type), ['KEY.PAUSED.SUCCESS', 'KEY.RESUMED.SUCCESS']);
    assert.equal(events.items[1].data.reason, 'time');
  });

  it('refuse what makes no sense, by name', async () => {
    await refused(server, 400, 'invalid_request', 'PUT', '/api/v1/keys/k', { concurrency: -1, weight: 0 }, ['concurrency', 'weight']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/keys/k/pause', { until: '2020-01-01T00:00:00Z', forMs: 5 }, ['forMs', 'until']);
    await refused(server, 400, 'invalid_request', 'PUT', '/api/v1/queues/q', { rate: { count: 'x' } }, ['rate.count']);
    await refused(server, 404, 'not_found', 'GET', '/api/v1/keys/never-named');
  });
});

describe('unique keys', () => {
  it('refuse a second task and name the first; give or replace it when asked', async () => {
    await submit(server, { id: 'u1', type: 'unique', uniqueKey: 'sync' });
    const second = await server.call('POST', '/api/v1/tasks', { type: 'unique', uniqueKey: 'sync' });
    problem(second, 409, 'duplicate_task');
    assert.match(JSON.stringify(second.body), /u1/);
    const existing = await server.expect(200, 'POST', '/api/v1/tasks', { type: 'unique', uniqueKey: 'sync', onDuplicate: 'existing' });
    assert.equal(existing.id, 'u1');
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'u2', type: 'unique', uniqueKey: 'sync', onDuplicate: 'replace' });
    assert.equal(await stateOf(server, 'u1'), 'cancelled');
  });

  it('keep a window after the end of the task, over a restart too', async () => {
    await worker(server, 'once');
    await submit(server, { id: 'w1', type: 'once', uniqueKey: 'daily', uniqueScope: 'window', uniqueWindowMs: 3_600_000 });
    await complete(server, await leaseOne(server, 'once'));
    await server.restart();
    problem(await server.call('POST', '/api/v1/tasks', { type: 'once', uniqueKey: 'daily' }), 409, 'duplicate_task');
  });
});
