// What is acknowledged survives kill -9.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  act, acted, complete, ended, eventsAfter, everyItem, failed, historyOf, lease, leaseOne, leased, problem, reaches, refused,
  stateOf, submit, submitBatch, taskOf, worker,
} from './support/api';
import { BINARY, Json, Server, eventually } from './support/server';
import { EventSocket } from './support/web_socket';

describe('after kill -9', () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
  });
  after(() => server.stop());

  it('everything that was acknowledged is there, nothing half', async () => {
    const acknowledged = new Map<string, Json>();
    const unknown: string[] = [];
    let stop = false;
    const client = async (name: string): Promise<void> => {
      for (let n = 0; !stop; n++) {
        const tasks = [0, 1, 2].map((i) => ({ id: `${name}-${n}-${i}`, type: 'kill', payload: { name, n, i } }));
        try {
          await server.expect(201, 'POST', '/api/v1/tasks/batch', { tasks });
          for (const task of tasks) acknowledged.set(task.id, task.payload);
        } catch {
          unknown.push(`${name}-${n}`);
          return;
        }
      }
    };
    const clients = ['a', 'b', 'c', 'd'].map(client);
    await eventually('some work is acknowledged', async () => acknowledged.size > 300);
    await server.kill();
    stop = true;
    await Promise.all(clients);
    await server.start();
    const found = new Set((await everyItem(server, '/api/v1/tasks?type=kill')).map((t) => t.id));
    for (const id of acknowledged.keys()) assert.ok(found.has(id), `${id} was acknowledged and is gone`);
    for (const batch of unknown) {
      const parts = [0, 1, 2].filter((i) => found.has(`${batch}-${i}`)).length;
      assert.ok(parts === 0 || parts === 3, `batch ${batch} is there with ${parts} of 3 tasks`);
    }
    const [some] = [...acknowledged.keys()].slice(-1);
    assert.deepEqual((await taskOf(server, some!)).payload, acknowledged.get(some!));
  });

  it('states, results, dependencies, queues and logs are as they were', async () => {
    await worker(server, 'dur');
    await submitBatch(server, [
      { id: 'd-done', type: 'dur', payload: 'x'.repeat(10_000) }, { id: 'd-wait', type: 'dur', dependsOn: ['d-run', 'd-done'] },
      { id: 'd-run', type: 'dur' }, { id: 'd-dead', type: 'dur', retry: { maxAttempts: 1 } }, { id: 'd-late', type: 'dur', delayMs: 600_000 },
    ]);
    const held = await lease(server, 'dur', { max: 3 });
    const byId = Object.fromEntries(held.map((l) => [l.task.id, l]));
    await acted(server, byId['d-done']!, 'log', { lines: ['first', 'second'] });
    await complete(server, byId['d-done']!, { big: 'y'.repeat(10_000) });
    await failed(server, byId['d-dead']!);
    await server.expect(200, 'POST', '/api/v1/queues/held/pause', {});
    await server.expect(200, 'PUT', '/api/v1/queues/held', { maxDepth: 7 });
    const before_ = await Promise.all(['d-done', 'd-wait', 'd-run', 'd-dead', 'd-late'].map((id) => taskOf(server, id)));
    const history = await historyOf(server, 'd-done');
    await server.restart();
    for (const task of before_) {
      const now = await taskOf(server, task.id);
      for (const field of ['state', 'payload', 'result', 'error', 'attempt', 'dependsOn', 'priority', 'createdAt', 'endedAt', 'workerId']) {
        assert.deepEqual(now[field], task[field], `${field} of ${task.id}`);
      }
    }
    assert.deepEqual(await historyOf(server, 'd-done'), history);
    assert.deepEqual((await server.expect(200, 'GET', '/api/v1/tasks/d-done/logs')).items.map((l: Json) => l.text), ['first', 'second']);
    const queue = await server.expect(200, 'GET', '/api/v1/queues/held');
    assert.deepEqual([queue.paused, queue.maxDepth], [true, 7]);
    // Ended tasks that memory does not hold keep their ids, count as dependencies and can be redriven.
    await refused(server, 409, 'id_conflict', 'POST', '/api/v1/tasks', { id: 'd-done', type: 'dur' });
    await server.expect(200, 'POST', '/api/v1/tasks', { id: 'd-done', type: 'dur', payload: 'x'.repeat(10_000) });
    assert.equal((await submit(server, { type: 'dur-2', dependsOn: ['d-done'] })).state, 'queued');
    assert.equal((await server.expect(200, 'POST', '/api/v1/tasks/d-dead/retry', {})).state, 'queued');
    assert.deepEqual((await everyItem(server, '/api/v1/tasks?type=dur&state=completed')).map((t) => t.id), ['d-done']);
  });

  it('ended tasks are listed while live ones hang on them, and stay in the graph', async () => {
    await worker(server, 'grapher', { capabilities: ['graphed'] });
    await submitBatch(server, [
      { id: 'old-1', type: 'graphed' }, { id: 'old-2', type: 'graphed', dependsOn: ['old-1'] },
      { id: 'old-3', type: 'never', dependsOn: ['old-2'] },
    ]);
    await submit(server, { id: 'old-4', type: 'never', parentId: 'old-1' });
    for (const id of ['old-1', 'old-2']) {
      const held = await leaseOne(server, 'grapher');
      assert.equal(held.task.id, id);
      await complete(server, held);
    }
    const listed = async (query: string): Promise<string[]> =>
      (await everyItem(server, `/api/v1/tasks?${query}`, 1)).map((t) => t.id).sort();
    for (const restarted of [false, true]) {
      if (restarted) await server.restart();
      for (const query of ['state=completed&type=graphed', 'type=graphed', 'type=graphed&workerId=grapher']) {
        assert.deepEqual(await listed(query), ['old-1', 'old-2'], `${query}, restarted: ${restarted}`);
      }
      const graph = await server.expect(200, 'GET', '/api/v1/graph?taskId=old-3');
      const states = graph.nodes.map((n: Json) => [n.id, n.state]);
      assert.deepEqual(states, [['old-1', 'completed'], ['old-2', 'completed'], ['old-3', 'queued']]);
    }
  });

  it('a life is three events, and leaves one row, its log and its documents', async () => {
    const small = await Server.start();
    await worker(small, 'row');
    const rows = (): Record<string, number> => {
      const counts = ['events', 'live', 'ended', 'documents'].map((t) => `SELECT '${t}', count(*) FROM ${t}`).join(' UNION ALL ');
      const text = execFileSync('sqlite3', ['-readonly', join(small.data, 'namespaces/default.db'), counts], { encoding: 'utf8' });
      return Object.fromEntries(text.trim().split('\n').map((l) => l.split('|')).map(([t, n]) => [t, Number(n)]));
    };
    const before_ = rows();
    for (let n = 0; n < 10; n++) await complete(small, await leased(small, { type: 'row', payload: n }), n);
    const now = rows();
    const grown = Object.fromEntries(Object.entries(now).map(([t, n]) => [t, n - before_[t]!]));
    // leased() registers its worker each time.
    assert.deepEqual(grown, { events: 10 * (3 + 1), live: 0, ended: 10, documents: 20 });
    await small.stop();
  });

  it('a lease goes on and its attempt is not counted', async () => {
    const held = await leased(server, { id: 'over', type: 'over', retry: { maxAttempts: 1 } });
    const soft = await leased(server, { id: 'over-soft', type: 'over-soft' }, { start: false });
    await server.restart();
    const task = await taskOf(server, 'over');
    assert.deepEqual([task.state, task.attempt, task.workerId], ['running', 1, 'over']);
    assert.equal((await server.expect(200, 'POST', '/api/v1/workers/over/heartbeat', { leases: [held.lease] })).lost.length, 0);
    await acted(server, held, 'progress', { percent: 50 });
    await complete(server, held, 'across');
    assert.deepEqual((await taskOf(server, 'over')).result, 'across');
    await acted(server, soft, 'start');
    await complete(server, soft);
    const types = (await historyOf(server, 'over')).map((e) => e.type);
    assert.deepEqual(types, ['TASK.SUBMITTED.SUCCESS', 'TASK.ASSIGNED.SUCCESS', 'TASK.COMPLETED.SUCCESS']);
  });

  it('a recorded outcome is answered again, another is refused', async () => {
    const held = await leased(server, { id: 'again', type: 'again' });
    await complete(server, held, { n: 1 });
    await server.restart();
    assert.equal((await complete(server, held, { n: 1 })).state, 'completed');
    problem(await act(server, held, 'complete', { result: { n: 2 } }), 409, 'outcome_conflict');
  });

  it('an idempotency key still gives its first answer', async () => {
    const headers = { 'Idempotency-Key': 'before-the-crash' };
    const first = await server.call('POST', '/api/v1/tasks', { type: 'keyed' }, { headers });
    await server.restart();
    const again = await server.call('POST', '/api/v1/tasks', { type: 'keyed' }, { headers });
    assert.deepEqual([again.status, again.body.id], [first.status, first.body.id]);
    await refused(server, 409, 'idempotency_mismatch', 'POST', '/api/v1/tasks', { type: 'keyed-2' }, [], { headers });
  });

  it('retries, delays and bulk changes go on', async () => {
    const workerId = await worker(server, 'on');
    await submitBatch(server, [{ id: 'on-1', type: 'on', retry: { backoffMs: 1_500, jitter: 0 } }, { id: 'on-2', type: 'on', delayMs: 1_500 }]);
    await failed(server, await leaseOne(server, workerId));
    for (let n = 0; n < 3; n++) await submitBatch(server, Array.from({ length: 1_000 }, () => ({ type: 'mass', queue: 'mass' })));
    const bulk = await server.expect(202, 'POST', '/api/v1/tasks/bulk', { action: 'cancel', filter: { queue: 'mass' } });
    await server.restart();
    await reaches(server, 'on-1', 'queued');
    await reaches(server, 'on-2', 'queued');
    const done = await eventually('the bulk change is done', async () => {
      const now = await server.expect(200, 'GET', `/api/v1/tasks/bulk/${bulk.id}`);
      return now.state === 'done' && now;
    });
    assert.equal(done.done, 3_000);
    assert.equal((await leaseOne(server, workerId)).task.id, 'on-1');
  });

  it('positions stay dense over all of it', async () => {
    const events = await eventsAfter(server);
    events.forEach((event, i) => assert.equal(event.position, i + 1));
  });
});

describe('stopping', () => {
  it('SIGTERM finishes what is asked, answers waiting requests and exits 0', async () => {
    const server = await Server.start();
    await worker(server, 'w');
    const polling = server.call('POST', '/api/v1/tasks/lease', { workerId: 'w', waitMs: 60_000 });
    const watching = submit(server, { id: 'watched', type: 'none' }).then(() => server.call('GET', '/api/v1/tasks/watched?waitMs=60000'));
    await eventually('the task is there', async () => (await server.call('GET', '/api/v1/tasks/watched')).status === 200);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const from = Date.now();
    assert.equal(await server.terminate(), 0);
    assert.ok(Date.now() - from < 10_000, 'waiting requests do not hold the stop up');
    for (const answer of await Promise.all([polling, watching])) problem(answer, 503, 'shutting_down');
    await server.start();
    assert.equal(await stateOf(server, 'watched'), 'queued');
    const system = (await server.expect(200, 'GET', '/api/v1/events?namespace=system&limit=1000')).items.map((e: Json) => e.type);
    assert.deepEqual(system.filter((t: string) => t.startsWith('SERVER.')), ['SERVER.STARTED.SUCCESS', 'SERVER.STOPPED.SUCCESS', 'SERVER.STARTED.SUCCESS']);
    await server.stop();
  });

  it('a second signal ends it at once although a request is half sent', async () => {
    const server = await Server.start();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`POST /api/v1/tasks HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${server.token}\r\nContent-Length: 100\r\n\r\n{`);
    await eventually('the server has the connection', async () => / 1$/m.test((await server.call('GET', '/metrics')).text));
    const pid = server.pid;
    const stopped = server.terminate();
    await eventually('it stops', async () => server.log.includes('stopping'));
    process.kill(pid, 'SIGTERM');
    assert.notEqual(await stopped, 0, 'what was under way was given up');
    socket.destroy();
    await server.start();
    await server.stop();
  });

  it('a second server on the same data is refused and harms nothing', async () => {
    const server = await Server.start();
    await submit(server, { id: 'mine', type: 'none' });
    const child = spawn(BINARY, ['serve', '--listen', '127.0.0.1:0', '--data', server.data], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (bytes) => (stderr += bytes));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.notEqual(code, 0);
    assert.ok(stderr.length > 0);
    assert.equal((await ended(server, 'mine', 0).catch(() => taskOf(server, 'mine'))).state, 'queued');
    await server.stop();
  });
});

// Time is moved by making the database older.
describe('retention', () => {
  it('deletes ended tasks with their events and logs after its days, and says so', async () => {
    const server = await Server.start({ flags: ['--retention-interval-ms', '20', '--limits-ended-in-memory-ms', '0'] });
    await worker(server, 'old');
    await submit(server, { id: 'old-a', type: 'old' });
    const held = await leaseOne(server, 'old');
    await acted(server, held, 'log', { lines: ['gone soon'] });
    await complete(server, held);
    const dependent = { id: 'old-b', type: 'other', dependsOn: ['old-a'] };
    await submit(server, dependent);
    const first = (await eventsAfter(server))[0]!.position;
    await server.terminate();
    const older = 31 * 86_400_000;
    execFileSync('sqlite3', [join(server.data, 'namespaces/default.db'), `UPDATE ended SET ended_at_ms = ended_at_ms - ${older}; UPDATE events SET time_ms = time_ms - ${older} WHERE position < (SELECT max(position) FROM events);`]);
    await server.start();
    await eventually('the task is deleted', async () => (await server.call('GET', '/api/v1/tasks/old-a')).status === 404);
    assert.equal(await stateOf(server, 'old-b'), 'queued');
    // What it depended on is gone; repeating it is still answered as the first time.
    await server.expect(200, 'POST', '/api/v1/tasks', dependent);
    await eventually('its events are deleted', async () => (await eventsAfter(server))[0]!.position > first + 1);
    for (const path of ['events', 'events/stream']) {
      const problem = await refused(server, 410, 'history_truncated', 'GET', `/api/v1/${path}?after=${first}`);
      const from = /after=(\d+)/.exec(problem.detail)![1];
      if (path === 'events') await server.expect(200, 'GET', `/api/v1/events?after=${from}`);
    }
    const socket = await EventSocket.open(server);
    socket.send({ type: 'subscribe', id: 'late', after: first });
    const refusal = await socket.typed('error');
    assert.deepEqual([refusal.code, refusal.subscription], ['history_truncated', 'late']);
    socket.send({ type: 'subscribe', id: 'late', after: Number(/after=(\d+)/.exec(refusal.message)![1]) });
    await socket.typed('subscribed');
    socket.close();
    await server.stop();
  });
});
