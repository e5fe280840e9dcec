// Access tokens: made, listed, ended; what goes on under them ends with them.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { submit, worker } from './support/api';
import { Json, Server, eventually } from './support/server';
import { EventStream } from './support/stream';
import { EventSocket } from './support/web_socket';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const TOKENS = '/api/v1/tokens';
const create = (name: string, more: Json = {}): Promise<Json> => server.expect(201, 'POST', TOKENS, { name, ...more });
const listed = async (name: string, on = server): Promise<Json> => (await on.expect(200, 'GET', TOKENS)).items.find((t: Json) => t.name === name);

describe('access tokens', () => {
  it('open the server until they are revoked', async () => {
    const made = await create('one');
    assert.match(made.token, /^arb_[0-9a-f]{64}$/);
    assert.equal(made.createdBy, 'admin');
    await submit(server, { id: 'by-one', type: 'x' });
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'by-token-one', type: 'x' }, { token: made.token });
    const history = await server.expect(200, 'GET', '/api/v1/tasks/by-token-one/history');
    assert.equal(history.items[0].metadata.actor, 'one');
    const revoked = await server.expect(200, 'DELETE', `${TOKENS}/one`);
    assert.equal(revoked.state, 'revoked');
    const refused = await server.call('GET', '/api/v1/tasks', undefined, { token: made.token });
    assert.equal(refused.status, 401, refused.text);
    await server.expect(404, 'DELETE', `${TOKENS}/one`);
    await server.restart();
    await server.expect(401, 'GET', '/api/v1/tasks', undefined, { token: made.token });
  });

  it('are kept as hashes: no answer, event or file has a secret', async () => {
    const made = await create('secret');
    const list = await server.call('GET', TOKENS);
    const events = await server.call('GET', '/api/v1/events?namespace=system&limit=1000');
    for (const text of [list.text, events.text]) assert.ok(!text.includes(made.token.slice(4)) && text.includes('secret'));
    await server.terminate();
    for (const file of ['system.db', 'system.db-wal']) {
      let bytes = '';
      try {
        bytes = readFileSync(join(server.data, 'namespaces', file), 'latin1');
      } catch {
        continue;
      }
      assert.ok(!bytes.includes(made.token.slice(4)), file);
    }
    assert.ok(!server.log.includes(made.token.slice(4)));
    await server.start();
  });

  it('say when they were used, also after a restart', async () => {
    const made = await create('used');
    assert.equal((await listed('used')).lastUsedAt, undefined);
    await server.expect(200, 'GET', '/api/v1/tasks', undefined, { token: made.token });
    const used = (await listed('used')).lastUsedAt;
    assert.ok(Math.abs(Date.parse(used) - Date.now()) < 60_000, used);
    assert.equal(await server.terminate(), 0);
    await server.start();
    assert.equal((await listed('used')).lastUsedAt, used);
  });

  it('are refused with every mistake named', async () => {
    await create('taken');
    await server.expect(409, 'POST', TOKENS, { name: 'taken' });
    for (const [body, field] of [
      [{}, 'name'],
      [{ name: 'a b' }, 'name'],
      [{ name: 'system' }, 'name'],
      [{ name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
      [{ name: 'x', expiresInMs: 5 }, 'expiresInMs'],
      [{ name: 'x', role: 'reader' }, 'role'],
    ] as [Json, string][]) {
      const bad = await server.expect(400, 'POST', TOKENS, body);
      assert.deepEqual(bad.errors.map((e: Json) => e.field), [field], JSON.stringify(bad));
    }
  });

  it('are made once under an idempotency key, and the secret is not told again', async () => {
    const headers = { 'Idempotency-Key': 'make-it' };
    const first = await server.expect(201, 'POST', TOKENS, { name: 'idem' }, { headers });
    const again = await server.expect(409, 'POST', TOKENS, { name: 'idem' }, { headers });
    assert.ok(!JSON.stringify(again).includes(first.token));
    assert.match(again.detail, /has made the token before/);
  });

  it('leave one that does not expire', async () => {
    const own = await Server.start();
    await own.expect(409, 'DELETE', `${TOKENS}/admin`);
    const other = await own.expect(201, 'POST', TOKENS, { name: 'other' });
    await own.expect(200, 'DELETE', `${TOKENS}/admin`);
    await own.expect(401, 'GET', '/api/v1/tasks');
    // The file still holds the revoked one: the next start does not bring it back, and says so.
    await own.restart();
    await own.expect(401, 'GET', '/api/v1/tasks');
    assert.match(own.log, /admin\.token has been revoked/);
    await own.kill();
    rmSync(join(own.data, 'admin.token'));
    await own.start();
    await own.expect(200, 'GET', '/api/v1/tasks');
    assert.equal((await listed('other', own)).id, other.id);
    await own.stop();
  });
});

describe('what goes on under a token', () => {
  it('ends when it is revoked, and says why', async () => {
    const made = await create('streams');
    const socket = await EventSocket.open(server, { token: made.token });
    await socket.typed('connected');
    socket.send({ type: 'subscribe', id: 'all' });
    await socket.typed('subscribed');
    const stream = await EventStream.open(server, '', { Authorization: `Bearer ${made.token}` });
    await server.expect(200, 'DELETE', `${TOKENS}/streams`);
    assert.equal(await socket.closed(), 1008);
    const error = socket.messages.at(-1);
    assert.equal(error.type, 'error');
    assert.equal(error.code, 'unauthorized');
    await eventually('the stream ends', async () => stream.ended);
    assert.match(stream.text, /event: error\ndata: \{"code":"unauthorized","message":"This token has been revoked\."\}/);
    const metrics = await server.call('GET', '/metrics');
    assert.match(metrics.text, /arbiter_streams_open 0\n/);
  });

  it('ends when it expires', async () => {
    const made = await create('short', { expiresInMs: 1_500 });
    const socket = await EventSocket.open(server, { token: made.token });
    const stream = await EventStream.open(server, '', { Authorization: `Bearer ${made.token}` });
    assert.equal(await socket.closed(), 1008);
    assert.match(socket.messages.at(-1).message, /expired/);
    await eventually('the stream ends', async () => stream.ended);
    assert.match(stream.text, /This token has expired/);
    const refused = await server.expect(401, 'GET', '/api/v1/tasks', undefined, { token: made.token });
    assert.match(refused.detail, /expired/);
    assert.equal((await listed('short')).state, 'expired');
    await create('short');
  });

  it('gives no task to a worker whose token ended while it waited', async () => {
    const made = await create('waits');
    await worker(server, 'late');
    const waiting = server.call('POST', '/api/v1/tasks/lease', { workerId: 'late', waitMs: 30_000 }, { token: made.token });
    await eventually('it waits', async () => (await server.expect(200, 'GET', '/api/v1/status')).namespaces.some((n: Json) => n.name === 'default' && n.waiters === 1));
    await server.expect(200, 'DELETE', `${TOKENS}/waits`);
    await submit(server, { id: 'for-late', type: 'late' });
    assert.equal((await waiting).status, 401);
    const task = await eventually('the task is back', async () => {
      const now = await server.expect(200, 'GET', '/api/v1/tasks/for-late');
      return now.state === 'queued' && now;
    });
    assert.equal(task.attempt, 0);
  });
});

describe('arbiter token', () => {
  it('prints the secret alone on stdout', async () => {
    const made = await server.cli(['token', 'create', 'cli', '--expires-in', '1d']);
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /^arb_[0-9a-f]{64}\n$/);
    assert.match(made.stderr, /only time/);
    const env = { ARBITER_TOKEN: made.stdout.trim() };
    assert.equal((await server.cli(['task', 'list'], { env })).status, 0);
    const table = (await server.cli(['token', 'list'])).stdout;
    assert.match(table, /^cli +tok_[0-9a-f]{16} +live/m);
    assert.match(table, /^admin .* the server +never/m);
    assert.equal((await server.cli(['token', 'revoke', 'cli'])).status, 0);
    assert.equal((await server.cli(['task', 'list'], { env })).status, 5);
    assert.equal((await server.cli(['token', 'revoke', 'cli'])).status, 3);
  });
});
