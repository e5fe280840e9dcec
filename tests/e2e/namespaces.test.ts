// Many namespaces: few are open at a time, and the others work all the same.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Json, Server, eventually } from './support/server';

const OPEN_MAX = 8;
const MANY = 40;
const flags = ['--limits-open-namespaces-max', String(OPEN_MAX), '--namespace-idle-ms', '300', '--limits-namespaces-max', String(MANY + 4)];
const names = Array.from({ length: MANY }, (_, i) => `team-${i}`);
const of = (name: string) => ({ headers: { 'Arbiter-Namespace': name } });

describe('many namespaces', () => {
  let server: Server;
  before(async () => {
    server = await Server.start({ flags });
  });
  after(() => server.stop());

  const status = (): Promise<Json> => server.expect(200, 'GET', '/api/v1/status');
  const openOnes = async (): Promise<string[]> => (await status()).namespaces.map((one: Json) => one.name);
  const restingOnly = () => eventually('only those that never close are open', async () => (await openOnes()).sort().join() === 'default,system');

  it('all serve, though only a few fit', async () => {
    for (const name of names) await server.expect(201, 'POST', '/api/v1/tasks', { id: `of-${name}`, type: 'echo' }, of(name));
    await Promise.all(
      names.map((name) =>
        eventually(`${name} answers`, async () => {
          const answer = await server.call('GET', `/api/v1/tasks/of-${name}`, undefined, of(name));
          if (answer.status === 503) return assert.equal(answer.body.code, 'overloaded');
          return assert.equal(answer.status, 200, answer.text), answer.body.id === `of-${name}`;
        }),
      ),
    );
    assert.ok((await openOnes()).length <= OPEN_MAX);
    assert.equal((await status()).namespacesExisting, MANY + 2);
    const metrics = (await server.call('GET', '/metrics')).text;
    assert.match(metrics, new RegExp(`^arbiter_namespaces ${MANY + 2}$`, 'm'));
    assert.ok(Number(/^arbiter_namespaces_opened_total (\d+)$/m.exec(metrics)![1]) >= MANY);
  });

  it('are closed when nobody uses them, and the server stays ready', async () => {
    await restingOnly();
    await server.expect(200, 'GET', '/readyz', undefined, { token: null });
    await eventually('closing is over', async () => /^arbiter_namespaces_open 2$/m.test((await server.call('GET', '/metrics')).text));
  });

  it('come back for what they scheduled', async () => {
    const runAt = new Date(Date.now() + 3_000).toISOString();
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'later', type: 'echo', runAt }, of('team-7'));
    await server.restart();
    const found = await eventually('the task is due', async () => {
      const task = await server.expect(200, 'GET', '/api/v1/tasks/later', undefined, of('team-7'));
      return task.state === 'queued' && task;
    });
    assert.equal(found.state, 'queued');
  });

  it('are not all opened by a start', async () => {
    await restingOnly();
    assert.equal(await server.terminate(), 0);
    await server.start();
    assert.match((await server.call('GET', '/metrics')).text, /^arbiter_namespaces_opened_total 2$/m);
    assert.equal((await server.expect(200, 'GET', '/api/v1/namespaces?limit=1000')).items.length, MANY + 1);
    await server.expect(200, 'GET', '/api/v1/tasks/of-team-3', undefined, of('team-3'));
  });

  it('say clearly when all places are in use, and lose nothing', async () => {
    const workers = names.slice(0, OPEN_MAX - 2);
    for (const name of workers) await server.expect(201, 'POST', '/api/v1/workers', { name: 'w', capabilities: ['echo'] }, of(name));
    const refused = await server.call('POST', '/api/v1/tasks', { id: 'one-too-many', type: 'echo' }, of('team-30'));
    assert.equal(refused.status, 503, refused.text);
    assert.equal(refused.body.code, 'overloaded');
    assert.match(refused.body.detail, /openNamespacesMax/);
    assert.equal(refused.headers['retry-after'], '1');
    await server.expect(200, 'GET', '/api/v1/tasks/of-team-0', undefined, of('team-0'));
    await server.expect(200, 'DELETE', '/api/v1/workers/w', undefined, of('team-0'));
    await eventually('there is a place', async () => {
      return (await server.call('POST', '/api/v1/tasks', { id: 'one-too-many', type: 'echo' }, of('team-30'))).status === 201;
    });
  });

  it('are refused over their limit', async () => {
    for (const name of ['extra-1', 'extra-2']) await server.expect(201, 'POST', '/api/v1/namespaces', { name });
    const problem = await server.expect(400, 'POST', '/api/v1/namespaces', { name: 'extra-3' });
    assert.match(JSON.stringify(problem), /namespacesMax/);
    assert.ok(!readdirSync(`${server.data}/namespaces`).includes('extra-3.db'));
  });
});
