// The TypeScript SDK against the real server: a fleet of it survives what happens to servers, tokens and other workers.
import { Client, LeaseLost, TaskCancelled, TaskFailure, Worker, WorkerStopping, type Handler, type LeasedTask, type StreamMessage, type WorkerOptions } from '@arbiter/sdk';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventsAfter, historyOf, reaches, stateOf, taskOf } from './support/api.js';
import { Command } from './support/process.js';
import { installSdk } from './support/sdk.js';
import { Json, Server, eventually, temporaryDirectory } from './support/server.js';

let server: Server;
before(async () => {
  server = await Server.start();
});
const workers = new Set<Worker>();
after(async () => {
  await Promise.all([...workers].map((worker) => worker.stop({ drainMs: 0 })));
  await server.stop();
});

const clientOf = (of: Server, options: { token?: string } = {}): Client => new Client({ url: of.url, token: of.token, ...options });

// A worker for tasks of type `name`, running.
function start(client: Client, name: string, handler: Handler, options: Partial<WorkerOptions> = {}): { worker: Worker; ended: Promise<void>; remarks: string[] } {
  const remarks: string[] = [];
  const worker = new Worker(client, { name, capabilities: [name], maxConcurrent: 10, handler, onRemark: (text) => remarks.push(text), ...options });
  workers.add(worker);
  const ended = worker.run();
  ended.catch(() => undefined);
  return { worker, ended, remarks };
}

// A handler that goes on until its signal aborts, and what that said.
function hanging(): { handler: Handler; begun: Promise<LeasedTask>; reason: Promise<unknown> } {
  let begin: (task: LeasedTask) => void;
  let end: (reason: unknown) => void;
  const begun = new Promise<LeasedTask>((resolve) => (begin = resolve));
  const reason = new Promise<unknown>((resolve) => (end = resolve));
  const handler = (task: LeasedTask): Promise<never> => {
    begin(task);
    return new Promise((_, reject) => task.signal.addEventListener('abort', () => (end(task.signal.reason), reject(task.signal.reason))));
  };
  return { handler, begun, reason };
}

describe('the client', () => {
  it('has a method for every operation', async () => {
    const client = clientOf(server);
    const document = (await client.server.openapi()) as Json;
    const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    for (const path of Object.values<Json>(document.paths)) {
      for (const { operationId } of Object.values<Json>(path)) {
        const [noun, verb] = operationId.split('.').map(camelCase);
        if (operationId !== 'events.stream' && operationId !== 'events.socket') assert.equal(typeof (client as Json)[noun!][verb!], 'function', operationId);
      }
    }
  });

  it('gets answers that have what the document says they always have', async () => {
    const client = clientOf(server);
    const document = (await client.server.openapi()) as Json;
    const task = await client.tasks.submit({ id: 'typed', type: 'typed', payload: {}, tags: ['a'], retry: { maxAttempts: 2 } });
    await client.tasks.submit({ id: 'typed-2', type: 'typed', dependsOn: ['typed'] });
    await client.workers.register({ name: 'typed', capabilities: ['typed'] });
    await client.schedules.set({ name: 'typed', everyMs: 3_600_000, task: { type: 'typed' } });
    await client.taskTypes.set({ name: 'typed', payloadSchema: { type: 'object' } });
    await client.keys.configure({ name: 'typed', concurrency: 5 });
    const leases = await client.tasks.lease({ workerId: 'typed' });
    let checked = 0;
    const check = (schema: Json, value: Json, path: string): void => {
      if (schema.$ref !== undefined) return check(document.components.schemas[schema.$ref.split('/').at(-1)], value, path);
      if (schema.type === 'array') return value.forEach((item: Json, i: number) => check(schema.items, item, `${path}[${i}]`));
      for (const name of schema.required ?? []) assert.ok(value[name] !== undefined, `${path}.${name} is missing in ${JSON.stringify(value)}`), checked++;
      for (const [name, inner] of Object.entries<Json>(schema.properties ?? {})) if (value[name] !== undefined) check(inner, value[name], `${path}.${name}`);
    };
    const answers: [string, string, Json][] = [
      ['/api/v1/tasks', 'post', task], ['/api/v1/tasks', 'get', await client.tasks.list()], ['/api/v1/tasks/lease', 'post', leases],
      ['/api/v1/tasks/{id}/history', 'get', await client.tasks.history({ id: 'typed' })], ['/api/v1/workers', 'get', await client.workers.list()],
      ['/api/v1/queues', 'get', await client.queues.list()], ['/api/v1/graph', 'get', await client.graph.get()], ['/api/v1/schedules', 'get', await client.schedules.list()],
      ['/api/v1/task-types/{name}', 'get', await client.taskTypes.get({ name: 'typed' })], ['/api/v1/keys', 'get', await client.keys.list()], ['/api/v1/events', 'get', await client.events.query()],
      ['/api/v1/tokens', 'get', await client.tokens.list()], ['/api/v1/namespaces', 'get', await client.namespaces.list()], ['/api/v1/status', 'get', await client.server.status()],
      ['/api/v1/version', 'get', await client.server.version()], ['/health', 'get', await client.server.health()], ['/api/v1/metrics/history', 'get', await client.metrics.history()],
      ['/api/v1/workers/{id}/heartbeat', 'post', await client.workers.heartbeat({ id: 'typed', leases: [leases.leases[0]!.lease, '999'] })],
      ['/api/v1/tasks/report', 'post', await client.tasks.report({ workerId: 'typed', reports: [{ taskId: 'typed', lease: leases.leases[0]!.lease, outcome: 'completed' }] })],
    ];
    for (const [path, method, answer] of answers) check(document.paths[path][method].responses['200'].content['application/json'].schema, answer, `${method} ${path}`);
    assert.ok(checked > 200, `only ${checked} fields were looked at`);
    await client.schedules.delete({ name: 'typed' });
    await client.taskTypes.delete({ name: 'typed' });
  });

  it('submits once, though the server ends between its doing so and its answer', async () => {
    const own = await Server.start();
    const client = clientOf(own);
    const calls = Array.from({ length: 60 }, () => client.tasks.submit({ type: 'once' }));
    await eventually('some are there', async () => (await eventsAfter(own).catch(() => [])).length > 5);
    await own.restart();
    const ids = new Set((await Promise.all(calls)).map(({ id }) => id));
    const stored = (await eventsAfter(own)).filter((event) => event.type === 'TASK.SUBMITTED.SUCCESS');
    assert.deepEqual([ids.size, stored.length], [60, 60]);
    client.close();
    await own.stop();
  });
});

describe('a worker', () => {
  it('does tasks, says how it goes, and reports results with quality and usage', async () => {
    const client = clientOf(server);
    const { worker, ended } = start(client, 'does', async (task) => {
      assert.deepEqual([task.type, task.attempt, task.workerId], ['does', 1, 'does']);
      task.log('one\ntwo');
      task.progress({ percent: 40, message: 'half of it' });
      await eventually('the progress is seen', async () => (await taskOf(server, task.id)).progress?.message === 'half of it');
      task.addUsage({ inputTokens: 100, cost: 0.25 });
      task.addUsage({ inputTokens: 20, outputTokens: 3, cost: 0.25 });
      task.quality = 0.8;
      return { doubled: task.payload.n * 2 };
    });
    await client.tasks.submit({ id: 'does-1', type: 'does', payload: { n: 21 } });
    const task = await client.waitForTask('does-1');
    assert.deepEqual([task.state, task.result, task.qualityScore, task.usage], ['completed', { doubled: 42 }, 0.8, { inputTokens: 120, outputTokens: 3, cost: 0.5 }]);
    assert.deepEqual((await client.tasks.logs({ id: 'does-1' })).items.map(({ text }) => text), ['one', 'two']);
    await worker.stop();
    await ended;
    await assert.rejects(client.workers.get({ id: 'does' }), { code: 'unknown_worker' });
  });

  it('fails an attempt whose handler throws; the retry policy decides, unless no retry can help', async () => {
    const client = clientOf(server);
    await client.taskTypes.set({ name: 'schema', resultSchema: { type: 'object' } });
    const { worker } = start(client, 'fails', async (task) => {
      if (task.payload === 'flaky' && task.attempt === 1) throw new RangeError('the network is away');
      if (task.payload === 'broken') throw new TaskFailure('this input can never work', { code: 'bad_input', retryable: false, details: { line: 3 } });
      if (task.payload === 'circle') return ((circle: Json) => (circle.self = circle))({});
      return 'done';
    }, { capabilities: ['fails', 'schema'] });
    const retry = { maxAttempts: 2, backoffMs: 10 };
    for (const payload of ['flaky', 'broken', 'circle']) await client.tasks.submit({ id: payload, type: 'fails', payload, retry });
    await client.tasks.submit({ id: 'schema', type: 'schema', retry });
    assert.deepEqual([(await client.waitForTask('flaky')).result, (await taskOf(server, 'flaky')).attempt], ['done', 2]);
    const failed = (await historyOf(server, 'flaky')).find((event) => event.type === 'TASK.FAILED.RETRY');
    assert.deepEqual([failed.data.error.message, failed.data.error.code], ['the network is away', 'RangeError']);
    assert.match((await client.tasks.logs({ id: 'flaky' })).items.map(({ text }) => text).join('\n'), /RangeError: the network is away\n +at /);
    const broken = await client.waitForTask('broken');
    assert.deepEqual([broken.state, broken.attempt, broken.error], ['failed', 1, { message: 'this input can never work', code: 'bad_input', details: { line: 3 } }]);
    assert.deepEqual([(await client.waitForTask('circle')).error?.code, (await taskOf(server, 'circle')).attempt], ['bad_result', 1]);
    const refused = await client.waitForTask('schema');
    assert.deepEqual([refused.state, refused.attempt, refused.error?.code], ['failed', 2, 'invalid_request']);
    assert.match(refused.error!.message, /does not fit the schema of type schema/);
    await worker.stop();
  });

  it('stops what is cancelled', async () => {
    const client = clientOf(server);
    const { handler, begun, reason } = hanging();
    const { worker } = start(client, 'cancels', handler);
    await client.tasks.submit({ id: 'cancels-1', type: 'cancels' });
    await begun;
    await client.tasks.cancel({ id: 'cancels-1' });
    assert.ok((await reason) instanceof TaskCancelled);
    assert.equal((await client.waitForTask('cancels-1')).state, 'cancelled');
    await worker.stop();
  });

  it('drops work whose lease is lost, and does it again with a new one', async () => {
    const client = clientOf(server);
    const first = hanging();
    const { worker } = start(client, 'loses', (task) => (task.attempt === 1 ? first.handler(task) : 'second'));
    await client.tasks.submit({ id: 'loses-1', type: 'loses', timeoutMs: 300, retry: { backoffMs: 10 } });
    assert.ok((await first.reason) instanceof LeaseLost);
    const task = await client.waitForTask('loses-1');
    assert.deepEqual([task.state, task.attempt, task.result], ['completed', 2, 'second']);
    await worker.stop();
  });

  it('renews leases that are shorter than their work', async () => {
    const client = clientOf(server);
    let go: (() => void) | undefined;
    const { worker } = start(client, 'renews', () => new Promise<void>((resolve) => (go = resolve)), { leaseMs: 1_500, maxConcurrent: 1 });
    await client.tasks.submit({ id: 'renews-1', type: 'renews', retry: { maxAttempts: 1 } });
    const { leaseExpiresAt } = await reaches(server, 'renews-1', 'running');
    const later = Date.parse(leaseExpiresAt) + 1_500;
    await eventually('the lease was renewed more than once', async () => Date.parse((await taskOf(server, 'renews-1')).leaseExpiresAt) > later);
    go!();
    assert.equal((await client.waitForTask('renews-1')).state, 'completed');
    await worker.stop();
  });

  it('lets its tasks end when it stops, and hands back, uncounted, what takes too long', async () => {
    const client = clientOf(server);
    const { handler, begun, reason } = hanging();
    let finish: (() => void) | undefined;
    const { worker, ended } = start(client, 'stops', (task) => (task.id === 'stops-1' ? handler(task) : new Promise<void>((resolve) => (finish = resolve))));
    await client.tasks.submit({ id: 'stops-1', type: 'stops', retry: { maxAttempts: 1 } });
    await client.tasks.submit({ id: 'stops-2', type: 'stops' });
    await begun;
    await eventually('the other has begun', async () => finish !== undefined);
    const stopping = worker.stop();
    finish!();
    assert.equal((await client.waitForTask('stops-2')).state, 'completed');
    await client.tasks.submit({ id: 'stops-3', type: 'stops' });
    assert.equal(await stateOf(server, 'stops-1'), 'running');
    void worker.stop({ drainMs: 0 });
    assert.ok((await reason) instanceof WorkerStopping);
    await stopping;
    await ended;
    assert.deepEqual([(await taskOf(server, 'stops-1')).state, (await taskOf(server, 'stops-1')).attempt, await stateOf(server, 'stops-3')], ['queued', 0, 'queued']);
  });

  it('does not wait for handlers that do not listen to their signals', async () => {
    const client = clientOf(server);
    let begun = false;
    const { worker, ended, remarks } = start(client, 'deaf', () => new Promise(() => (begun = true)));
    await client.tasks.submit({ id: 'deaf-1', type: 'deaf', retry: { maxAttempts: 1 } });
    await eventually('it has begun', async () => begun);
    await worker.stop({ drainMs: 0 });
    await ended;
    assert.ok(remarks.some((text) => text.startsWith('deaf-1: its handler goes on')), remarks.join('\n'));
    assert.deepEqual([(await taskOf(server, 'deaf-1')).state, (await taskOf(server, 'deaf-1')).attempt], ['queued', 0]);
  });

  it('ends when the server drains it', async () => {
    const client = clientOf(server);
    const { ended, remarks } = start(client, 'drained', () => undefined);
    await eventually('it is there', async () => remarks.some((text) => text.startsWith('ready')));
    await client.workers.drain({ id: 'drained' });
    await ended;
  });

  it('stands still at its checkpoints while somebody else has suspended the task', async () => {
    const client = clientOf(server);
    let steps = 0;
    const { worker } = start(client, 'rests', async (task) => {
      for (; ; steps++) {
        await task.checkpoint();
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await client.tasks.submit({ id: 'rests-1', type: 'rests' });
    await eventually('it goes on', async () => steps > 3);
    await client.tasks.suspend({ id: 'rests-1' });
    let before = -1;
    await eventually('it stands still', async () => {
      const still = steps === before;
      before = steps;
      return still;
    });
    assert.equal(await stateOf(server, 'rests-1'), 'suspended');
    await client.tasks.resume({ id: 'rests-1' });
    await eventually('it goes on again', async () => steps > before);
    await client.tasks.cancel({ id: 'rests-1' });
    assert.equal((await client.waitForTask('rests-1')).state, 'cancelled');
    await worker.stop();
  });

  it('passes on the trace of the task to what it submits', async () => {
    const client = clientOf(server);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { worker } = start(client, 'traces', async (task) => {
      if (task.payload === 'parent') await task.client.tasks.submit({ id: 'traces-2', type: 'traces', parentId: task.id });
    });
    await client.tasks.submit({ id: 'traces-1', type: 'traces', payload: 'parent' }, { traceparent });
    await client.waitForTask('traces-1');
    assert.equal((await client.waitForTask('traces-2')).traceparent, traceparent);
    await worker.stop();
  });
});

describe('a worker, when', () => {
  it('the server is killed and stopped in the middle of its work: every task is done, and what it reported counts once', async () => {
    const own = await Server.start();
    const client = clientOf(own);
    const total = 200;
    const seen = new Set<string>();
    const { worker, ended, remarks } = start(client, 'goes', async (task) => {
      task.log(`doing ${task.id}`);
      task.progress(50);
      seen.add(task.id);
      return task.id;
    }, { maxConcurrent: 5 });
    await client.tasks.batch({ tasks: Array.from({ length: total }, (_, n) => ({ id: `goes-${n}`, type: 'goes' })) });
    for (const [count, how] of [[20, 'restart'], [70, 'terminate'], [120, 'restart']] as const) {
      await eventually(`${count} are begun`, async () => seen.size >= count, 60_000);
      if (how === 'terminate') await own.terminate().then(() => own.start());
      else await own.restart();
    }
    for (let n = 0; n < total; n++) {
      const task = await client.waitForTask(`goes-${n}`);
      assert.deepEqual([task.state, task.result], ['completed', `goes-${n}`]);
    }
    const completed = (await eventsAfter(own)).filter((event) => event.type === 'TASK.COMPLETED.SUCCESS').map((event) => event.data.id);
    assert.deepEqual([completed.length, new Set(completed).size], [total, total]);
    assert.ok(remarks.some((text) => text.startsWith('the server is away')) && remarks.includes('the server is back'), remarks.join('\n'));
    await worker.stop();
    await ended;
    client.close();
    await own.stop();
  });

  it('its token is revoked: it ends with the reason, and so does what it was doing', async () => {
    const made = await server.expect(201, 'POST', '/api/v1/tokens', { name: 'sdk' });
    const { handler, begun, reason } = hanging();
    const { ended } = start(clientOf(server, { token: made.token }), 'revoked', handler);
    await clientOf(server).tasks.submit({ id: 'revoked-1', type: 'revoked' });
    await begun;
    await server.expect(200, 'DELETE', '/api/v1/tokens/sdk');
    await assert.rejects(ended, { code: 'unauthorized' });
    assert.equal(((await reason) as { code: string }).code, 'unauthorized');
    await assert.rejects(start(clientOf(server, { token: made.token }), 'revoked', handler).ended, { code: 'unauthorized', status: 401 });
    await clientOf(server).workers.deregister({ id: 'revoked' });
  });

  it('another worker takes its name: it ends, and what it did is done again', async () => {
    const client = clientOf(server);
    const old = hanging();
    const first = start(client, 'doubled', old.handler);
    await client.tasks.submit({ id: 'doubled-1', type: 'doubled', retry: { maxAttempts: 2, backoffMs: 10 } });
    await old.begun;
    const second = start(client, 'doubled', () => 'by the second');
    await assert.rejects(first.ended, { code: 'session_replaced' });
    assert.equal(((await old.reason) as { code: string }).code, 'session_replaced');
    const task = await client.waitForTask('doubled-1');
    assert.deepEqual([task.result, task.attempt], ['by the second', 2]);
    await second.worker.stop();
    await second.ended;
  });

  it('its predecessor died: its tasks go back uncounted if that is wanted', async () => {
    const client = clientOf(server);
    await client.workers.register({ name: 'heir', capabilities: ['heir'] });
    await client.tasks.submit({ id: 'heir-1', type: 'heir', retry: { maxAttempts: 1 } });
    assert.equal((await client.tasks.lease({ workerId: 'heir' })).leases.length, 1);
    const { worker } = start(client, 'heir', () => 'inherited', { releaseInherited: true });
    const task = await client.waitForTask('heir-1');
    assert.deepEqual([task.result, task.attempt], ['inherited', 1]);
    await worker.stop();
  });

  it('the server forgets it: it registers again', async () => {
    const client = clientOf(server);
    const { worker, remarks } = start(client, 'forgotten', () => 'done');
    await eventually('it is there', async () => remarks.some((text) => text.startsWith('ready')));
    await client.workers.deregister({ id: 'forgotten' });
    await client.tasks.submit({ id: 'forgotten-1', type: 'forgotten' });
    assert.equal((await client.waitForTask('forgotten-1')).result, 'done');
    await worker.stop();
  });

  it('what it asks for is refused: it says so at once', async () => {
    await assert.rejects(start(clientOf(server), 'bad name', () => undefined).ended, (error: Json) => error.code === 'invalid_request' && error.errors[0].field === 'name');
  });
});

describe('a subscription', () => {
  it('misses nothing and repeats nothing over restarts of the server', async () => {
    const own = await Server.start();
    const client = clientOf(own);
    const stop = new AbortController();
    const seen: StreamMessage[] = [];
    const states: string[] = [];
    const following = (async () => {
      for await (const message of client.subscribe({ snapshot: ['tasks'], signal: stop.signal, onState: (state) => states.push(state) })) seen.push(message);
    })();
    await eventually('the snapshot is there', async () => seen.length > 0);
    for (let n = 0; n < 150; n++) {
      await client.tasks.submit({ id: `follow-${n}`, type: 'follow' });
      if (n === 40 || n === 100) await own.restart();
      if (n === 70) await own.terminate().then(() => own.start());
    }
    await eventually('all are there', async () => seen.length === 151);
    stop.abort();
    await following;
    const [snapshot, ...rest] = seen;
    assert.equal(snapshot!.kind, 'snapshot');
    assert.deepEqual(rest.map((message) => [message.kind, message.position]), rest.map((_, n) => ['event', snapshot!.position + 1 + n]));
    assert.ok(states.includes('away') && states.at(-1) === 'live', states.join(' '));
    client.close();
    await own.stop();
  });

  it('ends when its token does', async () => {
    const made = await server.expect(201, 'POST', '/api/v1/tokens', { name: `follower-${randomUUID()}` });
    const client = clientOf(server, { token: made.token });
    const following = (async () => {
      for await (const _ of client.subscribe({ onState: () => void server.expect(200, 'DELETE', `/api/v1/tokens/${made.name}`) }));
    })();
    await assert.rejects(following, { code: 'unauthorized' });
  });
});

describe('the package', () => {
  it('needs nothing else: a program that a worker started finds its task, server, namespace and trace', async () => {
    const directory = installSdk();
    writeFileSync(join(directory, 'agent.mjs'), `
      import { currentTask } from '@arbiter/sdk';
      const task = currentTask();
      task.log('attempt ' + task.attempt);
      task.progress(70, 'well on the way');
      while ((await task.client.tasks.get({ id: task.id })).progress?.message !== 'well on the way');
      const child = await task.client.tasks.submit({ type: 'later', parentId: task.id });
      console.log(JSON.stringify({ id: task.id, worker: task.workerId, child: child.id }));`);
    const namespace = 'team-sdk';
    const command = Command.against(server, ['worker', 'run', '--name', 'runs', '--capability', 'runs', '--exec', 'node agent.mjs'], { cwd: directory, env: { ARBITER_NAMESPACE: namespace } });
    const client = clientOf(server).with({ namespace });
    const traceparent = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await client.tasks.submit({ id: 'runs-1', type: 'runs' }, { traceparent });
    const task = await client.waitForTask('runs-1');
    const result = task.result as Json;
    assert.deepEqual([task.state, result.id, result.worker], ['completed', 'runs-1', 'runs']);
    const child = await client.tasks.get({ id: result.child });
    assert.deepEqual([child.parentId, child.traceparent], ['runs-1', traceparent]);
    assert.deepEqual((await client.tasks.logs({ id: 'runs-1' })).items.map(({ text }) => text), ['attempt 1']);
    await command.end('SIGTERM');
  });

  it('verifies a server with TLS by the authorities that it is told', async () => {
    const directory = temporaryDirectory();
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const secure = await Server.start({ flags: ['--tls-cert', cert, '--tls-key', key], ca: cert });
    const url = `https://localhost:${new URL(secure.url).port}`;
    const client = new Client({ url, token: secure.token, caFile: cert });
    assert.match((await client.server.version()).version, /^\d/);
    for await (const message of client.subscribe({ snapshot: ['queues'] })) {
      assert.equal(message.kind, 'snapshot');
      break;
    }
    await assert.rejects(new Client({ url, token: secure.token }).server.version({}, { retryForMs: 0 }), { code: 'connection', message: /self-signed certificate/ });
    client.close();
    await secure.stop();
  });
});
