import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffMs } from './abort.js';
import { Client, queryText, timeoutFor } from './client.js';
import { ArbiterError } from './error.js';
import { cut, json, problem, ScriptedServer, silence, type Script } from './testing/scripted_server.js';

async function withServer(scripts: Script[], story: (client: Client, server: ScriptedServer) => Promise<void>): Promise<void> {
  const server = await ScriptedServer.start(...scripts);
  const client = new Client({ url: server.url, token: 'secret', namespace: 'team-a', traceparent: '' });
  try {
    await story(client, server);
  } finally {
    client.close();
    await server.stop();
  }
}

const again = { 'Retry-After': '0' };

describe('a call', () => {
  it('puts its input into path, query and body', () =>
    withServer([json({ items: [] }), json({}), json({})], async (client, server) => {
      await client.tasks.list({ state: ['queued', 'running'], tag: 'a&b', limit: 5 });
      await client.taskTypes.set({ name: 'a:b', queue: 'q' } as never);
      await client.workers.deregister({ id: 'w1' });
      assert.deepEqual(server.asked.map(({ method, path, body }) => [method, path, body]), [
        ['GET', '/api/v1/tasks?state=queued%2Crunning&tag=a%26b&limit=5', undefined],
        ['PUT', '/api/v1/task-types/a%3Ab', { queue: 'q' }],
        ['DELETE', '/api/v1/workers/w1', undefined],
      ]);
      const { headers } = server.asked[0]!;
      assert.deepEqual([headers['authorization'], headers['arbiter-namespace'], headers['traceparent'], headers['idempotency-key']], ['Bearer secret', 'team-a', undefined, undefined]);
    }));

  it('leaves out of a query what is not there', () => {
    assert.equal(queryText({ a: undefined, b: [], c: 0, d: false }), '?c=0&d=false');
    assert.equal(queryText({}), '');
  });

  it('names what its path lacks', () => withServer([json({})], async (client, server) => {
    await assert.rejects(client.tasks.get({} as never), /tasks.get needs `id`/);
    assert.equal(server.asked.length, 0);
  }));

  it('can go to another namespace or trace over the same connections', () =>
    withServer([json({})], async (client, server) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await client.with({ namespace: 'team-b', traceparent }).server.version();
      await client.server.version({}, { namespace: 'team-c' });
      assert.deepEqual(server.asked.map(({ headers }) => [headers['arbiter-namespace'], headers['traceparent']]), [['team-b', traceparent], ['team-c', undefined]]);
    }));

  it('gives text where the answer is text', () =>
    withServer([(_, response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('# HELP')], async (client) => {
      assert.equal(await client.server.metrics(), '# HELP');
    }));

  it('fails with the problem that the server tells', () =>
    withServer([(_, response) => response.writeHead(400, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ status: 400, code: 'invalid_request', title: 'The request has bad fields', detail: 'Some fields are not valid.', errors: [{ field: 'type', message: 'is required' }], requestId: 'r7' }))],
      async (client, server) => {
        const error = await client.tasks.submit({} as never).catch((e: unknown) => e);
        assert.ok(error instanceof ArbiterError);
        assert.deepEqual([error.code, error.status, error.title, error.errors, error.requestId, error.passing], ['invalid_request', 400, 'The request has bad fields', [{ field: 'type', message: 'is required' }], 'r7', false]);
        assert.match(error.message, /Some fields are not valid\.\n  type: is required/);
        assert.equal(server.asked.length, 1);
      }));

  it('tells an answer that is not of the server', () =>
    withServer([(_, response) => response.writeHead(502).end('<html>'), (_, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{')], async (client) => {
      await assert.rejects(client.server.version(), { code: 'internal', status: 502 });
      await assert.rejects(client.server.version(), { code: 'internal', message: /not JSON/ });
    }));
});

describe('a call that fails for a time', () => {
  it('is repeated under the same key, until it succeeds', () =>
    withServer([problem(503, 'store_unavailable', again), problem(429, 'rate_limited', again), cut('{"id"'), json({ id: 't' }, 201)], async (client, server) => {
      assert.deepEqual(await client.tasks.submit({ type: 'x' }), { id: 't' });
      const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
      assert.equal(keys.length, 4);
      assert.match(String(keys[0]), /^[!-~]{1,128}$/);
      assert.equal(new Set(keys).size, 1);
    }));

  it('has another key each time it is made anew, none where the request is its own key, and that of its caller', () =>
    withServer([json({})], async (client, server) => {
      await client.tasks.cancel({ id: 'a' });
      await client.tasks.cancel({ id: 'a' });
      await client.tasks.submit({ id: 'a', type: 'x' });
      await client.tasks.complete({ id: 'a', lease: '1' });
      await client.tasks.submit({ type: 'x' }, { idempotencyKey: 'mine' });
      const [first, second, ...rest] = server.asked.map(({ headers }) => headers['idempotency-key']);
      assert.notEqual(first, second);
      assert.deepEqual(rest, [undefined, undefined, 'mine']);
    }));

  it('is not repeated when that cannot help, or is not wanted', () =>
    withServer([problem(409, 'id_conflict'), problem(429, 'lineage_limit', again), problem(503, 'overloaded', again)], async (client, server) => {
      await assert.rejects(client.tasks.submit({ type: 'x' }), { code: 'id_conflict' });
      await assert.rejects(client.tasks.submit({ type: 'x' }), { code: 'lineage_limit' });
      await assert.rejects(client.tasks.submit({ type: 'x' }, { retryForMs: 0 }), { code: 'overloaded', retryAfterMs: 0 });
      assert.equal(server.asked.length, 3);
    }));

  it('is given up when the server says to wait for longer than it may take', () =>
    withServer([problem(503, 'overloaded', { 'Retry-After': '3600' })], async (client, server) => {
      await assert.rejects(client.server.version(), { code: 'overloaded', retryAfterMs: 3_600_000 });
      assert.equal(server.asked.length, 1);
    }));

  it('finds a server that comes back', () =>
    withServer([json({ n: 1 })], async (client, server) => {
      await server.stop();
      await assert.rejects(client.server.version({}, { retryForMs: 0 }), { code: 'connection', status: 0, message: /No Arbiter server can be reached at http:\/\/127/ });
      const call = client.server.version();
      await server.startAgain();
      assert.deepEqual(await call, { n: 1 });
    }));

  it('takes another connection when the one that was kept is dead', () =>
    withServer([json({ n: 1 }), (_, response) => response.destroy(), json({ n: 2 }), (_, response) => response.destroy()], async (client) => {
      await client.server.version();
      assert.deepEqual(await client.server.version({}, { retryForMs: 0 }), { n: 2 });
      client.close();
      await assert.rejects(client.server.version({}, { retryForMs: 0 }), { code: 'connection' }, 'a new one is as good as any');
    }));

  it('waits longer each time, never shorter than the server says, and not in step with others', () => {
    const many = (failures: number, retryAfterMs?: number) => Array.from({ length: 200 }, () => backoffMs(failures, retryAfterMs));
    for (const [failures, full] of [[0, 100], [1, 200], [3, 800], [10, 5_000], [1_000, 5_000]] as const) {
      const waits = many(failures);
      assert.ok(waits.every((ms) => ms >= full / 2 && ms <= full), `${failures}`);
      assert.ok(new Set(waits).size > 100);
    }
    assert.ok(many(0, 7_000).every((ms) => ms === 7_000));
    assert.ok(many(0, 3_600_000).every((ms) => ms === 3_600_000));
  });
});

describe('a call that takes too long', () => {
  it('ends with its time-out', () => withServer([silence], async (client) => {
    await assert.rejects(client.server.version({}, { timeoutMs: 30, retryForMs: 0 }), { code: 'connection', message: /no answer in 30 ms/ });
  }));

  it('ends with its time-out in the middle of the answer', () =>
    withServer([(_, response) => void response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '9' }).write('{')], async (client) => {
      await assert.rejects(client.server.version({}, { timeoutMs: 50, retryForMs: 0 }), { code: 'connection', message: /no answer in 50 ms/ });
    }));

  it('has time for the wait that it asks for', () => {
    assert.equal(timeoutFor({ id: 'a', waitMs: 60_000 }, 30_000), 70_000);
    assert.equal(timeoutFor({ id: 'a', waitMs: 0 }, 30_000), 30_000);
    assert.equal(timeoutFor({ id: 'a' }, 30_000), 30_000);
  });

  it('rejects with the reason of its signal, whatever it waits for', () =>
    withServer([silence, (_, response) => void response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '9' }).write('{'), problem(503, 'overloaded', { 'Retry-After': '20' })], async (client, server) => {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      await assert.rejects(client.server.version({}, { signal: aborted }), reason);
      assert.equal(server.asked.length, 0);
      for (let n = 1; n <= 3; n++) {
        const controller = new AbortController();
        const call = assert.rejects(client.server.version({}, { signal: controller.signal }), reason);
        await server.until(n);
        setImmediate(() => controller.abort(reason));
        await call;
      }
      assert.equal(server.asked.length, 3);
    }));
});

describe('a list', () => {
  it('is read page by page', () =>
    withServer([json({ items: [{ id: 'a' }, { id: 'b' }], nextCursor: 'x/1' }), json({ items: [{ id: 'c' }] })], async (client, server) => {
      const ids: string[] = [];
      for await (const task of client.each('tasks.list', { queue: 'q' })) ids.push(task.id);
      assert.deepEqual(ids, ['a', 'b', 'c']);
      assert.deepEqual(server.asked.map(({ path }) => path), ['/api/v1/tasks?queue=q', '/api/v1/tasks?queue=q&cursor=x%2F1']);
    }));

  it('goes on after a position where it is one of events', () =>
    withServer([json({ items: [{ position: 1 }], nextCursor: '1' }), json({ items: [] })], async (client, server) => {
      for await (const event of client.each('events.query')) assert.equal(event.position, 1);
      assert.equal(server.asked[1]!.path, '/api/v1/events?after=1');
    }));
});

describe('waiting for a task', () => {
  it('goes on until it has ended, whatever happens to the server', () =>
    withServer([json({ state: 'queued' }), problem(503, 'shutting_down', again), cut('{'), json({ state: 'failed', id: 'a' })], async (client, server) => {
      assert.equal((await client.waitForTask('a')).state, 'failed');
      assert.equal(server.asked.length, 4);
    }));
});
