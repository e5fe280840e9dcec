import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Server, eventually } from './support/server';

describe('smoke', () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
  });
  after(() => server.stop());

  it('is alive and ready without a token', async () => {
    await server.expect(200, 'GET', '/livez', undefined, { token: null });
    await server.expect(200, 'GET', '/readyz', undefined, { token: null });
  });

  it('keeps the admin token to its owner', () => {
    assert.equal(statSync(join(server.data, 'admin.token')).mode & 0o777, 0o600);
    assert.notEqual(server.token, '');
  });

  it('keeps tokens hashed', () => {
    const names = readdirSync(join(server.data, 'namespaces'));
    assert.ok(names.includes('system.db'));
    for (const name of names) assert.ok(!readFileSync(join(server.data, 'namespaces', name)).includes(server.token), name);
  });

  it('tells each phase of its start with its time', () => {
    for (const phase of ['configuration', 'store', 'system namespace', 'namespaces', 'network']) {
      assert.match(server.log, new RegExp(`"phase":"${phase}".*"ms":"\\d+"`));
    }
  });

  it('says its address in its data directory while it runs', async () => {
    const file = join(server.data, 'server.url');
    assert.equal(readFileSync(file, 'utf8').trim(), server.url);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('refuses a request without a token', async () => {
    const problem = await server.expect(401, 'GET', '/api/v1/tasks', undefined, { token: null });
    assert.equal(problem.code, 'unauthorized');
  });

  it('carries a task from submit through lease to its result', async () => {
    const task = await server.expect(201, 'POST', '/api/v1/tasks', { id: 'smoke-1', type: 'echo', payload: { n: 1 } });
    assert.equal(task.state, 'queued');
    const worker = await server.expect(201, 'POST', '/api/v1/workers', { name: 'w1', capabilities: ['echo'] });
    const { leases } = await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: worker.id });
    assert.equal(leases.length, 1);
    assert.deepEqual(leases[0].task.payload, { n: 1 });
    await server.expect(200, 'POST', '/api/v1/tasks/smoke-1/complete', { lease: leases[0].lease, result: { n: 2 } });
    const done = await server.expect(200, 'GET', '/api/v1/tasks/smoke-1');
    assert.equal(done.state, 'completed');
    assert.deepEqual(done.result, { n: 2 });
  });

  it('names requests in answers and in its log, and counts them', async () => {
    const named = await server.call('GET', '/api/v1/queues', undefined, { headers: { 'X-Request-Id': 'mine-1' } });
    assert.equal(named.headers['x-request-id'], 'mine-1');
    await eventually('the line in the access log', async () => server.log.split('\n').some((line) => line.includes('"id":"mine-1"') && JSON.parse(line).status === 200));
    const metrics = (await server.call('GET', '/metrics')).text;
    assert.match(metrics, /^arbiter_requests_total\{.*operation="tasks.submit".*\} 1$/m);
    assert.match(metrics, /^# TYPE arbiter_live_tasks gauge$/m);
  });

  it('takes its configuration from the environment, and serves without tokens only when told so', async () => {
    const open = await Server.start({ flags: ['--insecure-no-auth'], env: { ARBITER_LIMITS_PAYLOAD_BYTES_MAX: '10' } });
    await open.expect(201, 'POST', '/api/v1/tasks', { type: 'a', payload: 'short' }, { token: null });
    await open.expect(413, 'POST', '/api/v1/tasks', { type: 'a', payload: 'much too long' }, { token: null });
    await eventually('the warning in the log', async () => open.log.includes('"level":"warn"'));
    await open.stop();
  });

  it('remembers after kill -9', async () => {
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'smoke-2', type: 'echo' });
    await server.restart();
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/smoke-1')).state, 'completed');
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/smoke-2')).state, 'queued');
  });

  it('stops in an orderly way on SIGTERM', async () => {
    assert.equal(await server.terminate(), 0);
    assert.ok(!existsSync(join(server.data, 'server.url')));
    await server.start();
  });
});
