// Budgets: what is spent is counted, what would go over them waits; from outside and over restarts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { acted, complete, eventsAfter, failed, lease, leaseOne, refused, stateOf, submit, taskOf, worker } from './support/api';
import { Json, Server } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const path = (name: string): string => `/api/v1/budgets/${name}`;
const set = (status: number, name: string, body: Json): Promise<Json> => server.expect(status, 'PUT', path(name), body);
const budget = (name: string): Promise<Json> => server.expect(200, 'GET', path(name));
const typesOf = async (name: string): Promise<string[]> =>
  (await eventsAfter(server, 0, `&tags=budget:${name}`)).map((e) => e.type.replace(/^BUDGET\.(.*)\.SUCCESS$/, '$1'));

describe('budgets', () => {
  it('count what is reported and hold back what comes after', async () => {
    await worker(server, 'writer');
    await set(201, 'bill', { scope: 'queue', subject: 'paid', tokens: 1_000, cost: 2.5, period: 'day', timeZone: 'Europe/Berlin' });
    for (const id of ['b1', 'b2', 'b3']) await submit(server, { id, type: 'writer', queue: 'paid' });
    await acted(server, await leaseOne(server, 'writer'), 'complete', { usage: { inputTokens: 700, outputTokens: 100, cost: 0.5 } });
    let view = await budget('bill');
    assert.deepEqual(view.meters, [{ subject: 'paid', tokens: 800, cost: 0.5, attempts: 1, raised: {}, share: 0.8, state: 'warned' }]);
    assert.ok(Date.parse(view.resetsAt) > Date.now());
    await acted(server, await leaseOne(server, 'writer'), 'fail', { error: { message: 'no' }, retryable: false, usage: { tokens: 300 } });
    view = await budget('bill');
    assert.deepEqual([view.meters[0].tokens, view.meters[0].state], [1_100, 'exhausted']);
    assert.deepEqual(await lease(server, 'writer'), []);
    assert.match((await taskOf(server, 'b3')).waitingFor, /^budget bill, which is used up, until /);
    assert.deepEqual(await typesOf('bill'), ['SET', 'WARNED', 'EXHAUSTED']);
    const inbox = await server.expect(200, 'GET', '/api/v1/inbox?kind=incident');
    assert.match(inbox.items[0].title, /^Budget bill is used up for queue paid; what falls under it waits until /);
    const metrics = await server.call('GET', '/metrics');
    assert.match(metrics.text, /^arbiter_budgets\{namespace="default"\} 1$/m);
    assert.match(metrics.text, /^arbiter_budgets_exhausted\{namespace="default"\} 1$/m);
  });

  it('hold over a restart, and let go when they are raised', async () => {
    await server.restart();
    await worker(server, 'writer');
    assert.deepEqual(await lease(server, 'writer'), []);
    const waiting = leaseOne(server, 'writer', { waitMs: 20_000 });
    await refused(server, 400, 'invalid_request', 'POST', `${path('bill')}/raise`, { tokens: 500 }, ['reason']);
    const raised = await server.expect(200, 'POST', `${path('bill')}/raise`, { tokens: 500, reason: 'release day' });
    assert.deepEqual([raised.meters[0].raised, raised.meters[0].state], [{ tokens: 500 }, 'open']);
    await complete(server, await waiting);
    assert.deepEqual((await server.expect(200, 'GET', '/api/v1/inbox?kind=incident')).items, []);
    const events = await eventsAfter(server, 0, '&types=BUDGET.RAISED.SUCCESS');
    assert.equal(events[0]!.data.reason, 'release day');
    assert.ok(events[0]!.metadata.actor.length > 0);
  });

  it('never let an answer take more attempts than are left', async () => {
    await worker(server, 'many');
    await set(201, 'three', { scope: 'worker', attempts: 3 });
    for (let i = 0; i < 5; ++i) await submit(server, { type: 'many' });
    assert.equal((await lease(server, 'many', { max: 5 })).length, 3);
    assert.deepEqual(await lease(server, 'many', { max: 5 }), []);
    await server.expect(200, 'DELETE', path('three'));
    assert.equal((await lease(server, 'many', { max: 5 })).length, 2);
  });

  it('give each task and each lineage its own', async () => {
    await worker(server, 'agent');
    await set(201, 'each', { scope: 'task', tokens: 100, onLimit: 'refuse' });
    await set(201, 'family', { scope: 'lineage', attempts: 2 });
    await submit(server, { id: 'root', type: 'agent' });
    await submit(server, { id: 'child', type: 'agent', parentId: 'root', retry: { backoffMs: 0 } });
    await complete(server, await leaseOne(server, 'agent'));
    await failed(server, await leaseOne(server, 'agent'), { usage: { tokens: 120 } });
    const child = await taskOf(server, 'child');
    assert.deepEqual([child.state, child.reason], ['failed', 'budget']);
    await submit(server, { id: 'grandchild', type: 'agent', parentId: 'child' });
    assert.deepEqual(await lease(server, 'agent'), []);
    assert.match((await taskOf(server, 'grandchild')).waitingFor, /^budget family/);
    const family = await budget('family');
    assert.deepEqual([family.meters[0].subject, family.meters[0].attempts], ['root', 2]);
    await server.expect(200, 'POST', `${path('family')}/raise`, { subject: 'root', attempts: 1, reason: 'one more' });
    await complete(server, await leaseOne(server, 'agent'));
    assert.equal(await stateOf(server, 'grandchild'), 'completed');
    for (const name of ['each', 'family']) await server.expect(200, 'DELETE', path(name));
  });

  it('take no new tasks when they are to refuse', async () => {
    await worker(server, 'closed');
    await set(201, 'shut', { scope: 'key', subject: 'acme', attempts: 1, onLimit: 'refuse' });
    await submit(server, { type: 'closed', concurrencyKey: 'acme' });
    await complete(server, await leaseOne(server, 'closed'));
    const body = { type: 'closed', concurrencyKey: 'acme' };
    await refused(server, 409, 'budget_exhausted', 'POST', '/api/v1/tasks', body);
    await submit(server, { type: 'closed', concurrencyKey: 'other' });
    await complete(server, await leaseOne(server, 'closed'));
    await set(200, 'shut', { scope: 'key', subject: 'acme', attempts: 10, onLimit: 'refuse' });
    await submit(server, body);
  });

  it('name every bad field', async () => {
    const bad: [Json, string[]][] = [
      [{ tokens: 1 }, ['scope']],
      [{ scope: 'task' }, ['tokens']],
      [{ scope: 'task', tokens: 0, cost: -1, attempts: 'x' }, ['tokens', 'cost', 'attempts']],
      [{ scope: 'lineage', tokens: 1, subject: 'q' }, ['subject']],
      [{ scope: 'queue', tokens: 1, period: 'day', timeZone: 'Mars/Crater' }, ['timeZone']],
      [{ scope: 'queue', tokens: 1, period: 'week' }, ['period']],
    ];
    for (const [body, fields] of bad) await refused(server, 400, 'invalid_request', 'PUT', path('bad'), body, fields);
    await refused(server, 404, 'not_found', 'GET', path('bad'));
    await refused(server, 404, 'not_found', 'POST', `${path('bad')}/raise`, { tokens: 1, reason: 'why' });
    await refused(server, 404, 'not_found', 'DELETE', path('bad'));
    await refused(server, 409, 'invalid_state', 'PUT', path('shut'), { scope: 'queue', attempts: 1 });
  });

  it('every verb of the command line', async () => {
    const cli = async (...arguments_: string[]): Promise<string> => {
      const result = await server.cli(['budget', ...arguments_]);
      assert.equal(result.status, 0, result.stderr);
      return result.stdout;
    };
    await worker(server, 'by-hand');
    assert.match(await cli('set', 'team', '--scope', 'queue', '--tokens', '2k', '--cost', '10', '--per', 'day', '--time-zone', 'Asia/Tokyo'), /team +each queue +day, Asia\/Tokyo/);
    await submit(server, { type: 'by-hand', queue: 'team-a' });
    await acted(server, await leaseOne(server, 'by-hand'), 'complete', { usage: { tokens: 1_800, cost: 1.25 } });
    assert.match(await cli('list'), /team-a +1800 tokens, 1\.25 cost +2000 tokens, 10\.00 cost +90% +warned +in /);
    const raised = await cli('raise', 'team', '--subject', 'team-a', '--tokens', '1000', '--cost', '0.5', '--reason', 'agreed');
    assert.match(raised, /3000 tokens, 10\.50 cost +60% +open/);
    assert.match(await cli('show', 'team'), /team-a/);
    assert.match(await cli('delete', 'team'), /Deleted/);
    const wrong = await server.cli(['budget', 'set', 'x', '--scope', 'task', '--tokens', '12q']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /--tokens: '12q' is no count/);
  });
});
