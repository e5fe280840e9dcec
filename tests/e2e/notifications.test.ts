// Notifications: webhooks and commands that the configuration declares are told of what needs a human.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { everyItem, eventsAfter, leaseOne, submit, worker } from './support/api';
import { Json, Server, ServerOptions, eventually, temporaryDirectory } from './support/server';

const SECRET = 'a secret of the test';

interface Heard {
  path: string;
  headers: http.IncomingHttpHeaders;
  text: string;
  body: Json;
}

// A receiver over real sockets. What it answers is decided for each request; undefined: it hangs.
class Receiver {
  heard: Heard[] = [];
  answer: (heard: Heard, count: number) => { status: number; headers?: http.OutgoingHttpHeaders } | undefined = () => ({ status: 204 });
  private readonly server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const heard = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) };
      this.heard.push(heard);
      const answer = this.answer(heard, this.heard.length);
      if (answer !== undefined) response.writeHead(answer.status, answer.headers).end();
    });
  });

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }
  url(path = '/hook'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }
  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
  // Requests for the effect that is about this queue.
  of(queue: string): Heard[] {
    return this.heard.filter((h) => h.body.cause === `dead_tasks:${queue}`);
  }
}

// A server with these lines under `notifications:`, and more lines at the top level.
async function withNotifications(notifications: string, more = '', options: ServerOptions = {}): Promise<Server> {
  const directory = temporaryDirectory();
  const config = join(directory, 'arbiter.yaml');
  writeFileSync(join(directory, 'secret'), `${SECRET}\n`);
  writeFileSync(config, `notifications:\n${notifications.replaceAll('SECRET_FILE', join(directory, 'secret'))}\n${more}`);
  return Server.start({ ...options, flags: [...(options.flags ?? []), '--config', config] });
}

const webhook = (name: string, url: string, more = ''): string => `  - name: ${name}\n    webhook: ${url}\n    secretFile: SECRET_FILE\n    timeoutMs: 500\n${more}`;

// A task of this queue dies.
async function kill(server: Server, queue: string): Promise<string> {
  const task = await submit(server, { type: 'fragile', queue, retry: { maxAttempts: 1 } });
  await worker(server, `worker-${queue}`, { capabilities: ['*'], queues: [queue] });
  const held = await leaseOne(server, `worker-${queue}`, { queues: [queue], waitMs: 20_000 });
  await server.expect(200, 'POST', `/api/v1/tasks/${held.task.id}/fail`, { lease: held.lease, error: { message: 'it broke' } });
  return task.id;
}

const effectsOf = async (server: Server, queue: string): Promise<Json[]> => (await everyItem(server, '/api/v1/effects')).filter((e: Json) => e.cause === `dead_tasks:${queue}`);
const inState = (server: Server, queue: string, state: string): Promise<Json> =>
  eventually(`the effect of ${queue} is ${state}`, async () => (await effectsOf(server, queue)).find((e) => e.state === state));

// As the guide tells receivers to do it.
function isSigned(heard: Heard): boolean {
  const given = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(heard.headers['arbiter-signature']));
  if (given === null) return false;
  const [, time, signature] = given;
  const isFresh = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  return isFresh && createHmac('sha256', SECRET).update(`${time}.${heard.text}`).digest('hex') === signature;
}

describe('webhooks', () => {
  const receiver = new Receiver();
  let server: Server;
  before(async () => {
    await receiver.start();
    server = await withNotifications(webhook('ops', receiver.url()) + webhook('pager', receiver.url('/pager'), '    severity: critical\n') + webhook('pauses', receiver.url('/pauses'), '    types: [QUEUE.PAUSED.*]\n    quietMs: 0\n'));
  });
  after(async () => {
    receiver.stop();
    await server.stop();
  });

  it('tells of a dead task, signed, with the effect id and the event', async () => {
    const task = await kill(server, 'simple');
    const effect = await inState(server, 'simple', 'delivered');
    assert.equal(receiver.of('simple').length, 1);
    const heard = receiver.of('simple')[0]!;
    assert.ok(isSigned(heard), String(heard.headers['arbiter-signature']));
    assert.equal(heard.headers['content-type'], 'application/json');
    assert.equal(heard.headers['arbiter-effect-id'], effect.id);
    assert.equal(heard.headers['arbiter-effect-attempt'], '1');
    assert.equal(heard.body.id, effect.id);
    assert.equal(heard.body.attempt, 1);
    assert.equal(heard.body.namespace, 'default');
    assert.equal(heard.body.type, 'TASK.FAILED.PERMANENT');
    assert.equal(heard.body.severity, 'warning');
    assert.equal(heard.body.title, `Task ${task} (fragile) on queue simple is dead: it broke`);
    const events = await eventsAfter(server, 0, `&tags=task:${task}`);
    assert.deepEqual(heard.body.event, events.find((e: Json) => e.type === 'TASK.FAILED.PERMANENT'));
  });

  it('tells of questions and incidents, each by its severity', async () => {
    const task = await submit(server, { type: 'careful', queue: 'asks' });
    await worker(server, 'asker', { capabilities: ['*'], queues: ['asks'] });
    const held = await leaseOne(server, 'asker', { queues: ['asks'], waitMs: 20_000 });
    const question = await server.expect(201, 'POST', `/api/v1/tasks/${task.id}/ask`, { lease: held.lease, text: 'Deploy now?', options: ['yes', 'no'] });
    await server.expect(201, 'POST', '/api/v1/incidents', { cause: 'disk', title: 'The disk is full', severity: 'critical' });
    await server.expect(200, 'POST', '/api/v1/incidents', { cause: 'disk', title: 'The disk is full', severity: 'critical' });
    const told = await eventually('both are told', async () => {
      const found = receiver.heard.filter((h) => [`question:${question.id}`, 'incident:disk'].includes(h.body.cause));
      return found.length >= 3 && found;
    });
    assert.deepEqual(
      told.map((h) => [h.path, h.body.severity, h.body.title]).sort(),
      [
        ['/hook', 'critical', 'The disk is full'],
        ['/hook', 'warning', `Worker asker asks about task ${task.id}: Deploy now?`],
        ['/pager', 'critical', 'The disk is full'],
      ],
    );
  });

  it('tells of one cause once in its quiet time', async () => {
    await kill(server, 'quiet');
    await inState(server, 'quiet', 'delivered');
    await kill(server, 'quiet');
    await kill(server, 'quiet');
    await kill(server, 'loud');
    await inState(server, 'loud', 'delivered');
    assert.equal(receiver.of('quiet').length, 1);
  });

  it('filters by type and severity', async () => {
    await server.expect(200, 'POST', '/api/v1/queues/paused/pause', {});
    await server.expect(200, 'POST', '/api/v1/queues/paused/resume', {});
    await server.expect(200, 'POST', '/api/v1/queues/paused/pause', {});
    const told = await eventually('both pauses are told', async () => {
      const found = receiver.heard.filter((h) => h.path === '/pauses');
      return found.length >= 2 && found;
    });
    assert.deepEqual(
      told.map((h) => h.body.cause),
      ['QUEUE.PAUSED.SUCCESS queue:paused', 'QUEUE.PAUSED.SUCCESS queue:paused'],
    );
    assert.ok(receiver.heard.filter((h) => h.path === '/pager').every((h) => h.body.severity === 'critical'));
  });

  it('tries again what fails, under the same id', async () => {
    receiver.answer = (heard) => ({ status: heard.body.attempt < 3 ? 503 : 200 });
    await kill(server, 'flaky');
    const effect = await inState(server, 'flaky', 'delivered');
    const heard = receiver.of('flaky');
    assert.deepEqual(
      heard.map((h) => [h.body.id, h.body.attempt]),
      [1, 2, 3].map((attempt) => [effect.id, attempt]),
    );
    assert.ok(heard.every(isSigned));
    assert.equal(effect.error, 'The answer was status 503.');
    receiver.answer = () => ({ status: 204 });
  });

  it('leaves one that hangs after its time, and others do not wait for it', async () => {
    receiver.answer = (heard) => (heard.body.cause === 'dead_tasks:hangs' && heard.body.attempt === 1 ? undefined : { status: 200 });
    await kill(server, 'hangs');
    await server.expect(200, 'POST', '/api/v1/notifiers/pauses/test', {});
    await eventually('the other notifier is told', async () => receiver.heard.some((h) => h.path === '/pauses' && h.body.cause === 'test'));
    const effect = await inState(server, 'hangs', 'delivered');
    assert.equal(effect.attempt, 2);
    assert.equal(effect.error, 'There was no answer within 500 ms.');
    receiver.answer = () => ({ status: 204 });
  });

  it('does not follow a redirect', async () => {
    receiver.answer = (heard) => (heard.body.cause === 'dead_tasks:moved' && heard.body.attempt === 1 ? { status: 307, headers: { Location: receiver.url('/elsewhere') } } : { status: 200 });
    await kill(server, 'moved');
    const effect = await inState(server, 'moved', 'delivered');
    assert.equal(effect.error, 'The answer was a redirect (307), which is not followed.');
    assert.equal(receiver.heard.filter((h) => h.path === '/elsewhere').length, 0);
    receiver.answer = () => ({ status: 204 });
  });

  it('shows no secret anywhere', async () => {
    const config = await server.expect(200, 'GET', '/api/v1/config');
    assert.equal(config.notifications[0].webhook, new URL(receiver.url()).origin);
    assert.equal(config.notifications[0].name, 'ops');
    for (const text of [JSON.stringify(config), server.log]) {
      assert.ok(!text.includes(SECRET));
      assert.ok(!text.includes('/hook'));
    }
  });

  it('counts what becomes of them', async () => {
    const metrics = (await server.call('GET', '/metrics')).text;
    const value = (name: string): number => Number(new RegExp(`^${name}\\{namespace="default"\\} (\\d+)`, 'm').exec(metrics)?.[1]);
    assert.ok(value('arbiter_effects_delivered_total') >= 6);
    assert.ok(value('arbiter_effects_failed_total') >= 4);
    assert.equal(value('arbiter_effects_quiet_total'), 2);
    assert.equal(value('arbiter_effects_given_up_total'), 0);
  });
});

describe('webhooks across crashes', () => {
  it('a kill between attempts loses nothing and keeps the id', async () => {
    const receiver = new Receiver();
    await receiver.start();
    receiver.answer = () => ({ status: 500 });
    const server = await withNotifications(webhook('ops', receiver.url(), '    attemptsMax: 100\n'));
    await kill(server, 'crash');
    await eventually('two attempts have failed', async () => (await effectsOf(server, 'crash')).some((e) => e.failures >= 2));
    await server.kill();
    receiver.answer = () => ({ status: 200 });
    await server.start();
    const effect = await inState(server, 'crash', 'delivered');
    const attempts = receiver.of('crash').map((h) => h.body.attempt);
    assert.deepEqual(attempts, [...new Set(attempts)], 'no attempt has its number twice');
    assert.ok(receiver.of('crash').every((h) => h.body.id === effect.id));
    // And the quiet time goes on.
    const before = receiver.of('crash').length;
    await server.restart();
    await kill(server, 'crash');
    await kill(server, 'other');
    await inState(server, 'other', 'delivered');
    assert.equal(receiver.of('crash').length, before);
    receiver.stop();
    await server.stop();
  });

  it('a kill during an attempt starts it again under the same id', async () => {
    const receiver = new Receiver();
    await receiver.start();
    receiver.answer = () => undefined;
    const server = await withNotifications(webhook('ops', receiver.url()).replace('timeoutMs: 500', 'timeoutMs: 60000'));
    await kill(server, 'during');
    await eventually('the attempt is under way', async () => receiver.of('during').length === 1);
    await server.kill();
    receiver.answer = () => ({ status: 200 });
    await server.start();
    const effect = await inState(server, 'during', 'delivered');
    assert.equal(effect.attempt, 2);
    assert.equal(effect.failures, 0);
    assert.deepEqual(
      receiver.of('during').map((h) => h.body.id),
      [effect.id, effect.id],
    );
    // An orderly stop does not wait for one that hangs.
    receiver.answer = () => undefined;
    await kill(server, 'stop');
    await eventually('the attempt is under way', async () => receiver.of('stop').length === 1);
    assert.equal(await server.terminate(), 0);
    receiver.stop();
    await server.start();
    await server.stop();
  });

  it('one that was given up stays to be seen, and is tried again when asked', async () => {
    const receiver = new Receiver();
    await receiver.start();
    receiver.answer = () => ({ status: 410 });
    const server = await withNotifications(webhook('ops', receiver.url(), '    attemptsMax: 1\n'));
    await kill(server, 'lost');
    const effect = await inState(server, 'lost', 'given_up');
    await server.restart();
    const listed = await server.cli(['effect', 'list', '--state', 'given_up']);
    assert.equal(listed.status, 0);
    assert.match(listed.stdout, /given_up\s+1\s+warning\s+dead_tasks:lost .*The answer was status 410\./);
    receiver.answer = () => ({ status: 200 });
    const retried = await server.cli(['effect', 'retry', effect.id, '-o', 'json']);
    assert.equal(JSON.parse(retried.stdout).id, effect.id);
    const delivered = await inState(server, 'lost', 'delivered');
    assert.equal(delivered.id, effect.id);
    assert.equal(delivered.attempt, 2);
    receiver.stop();
    await server.stop();
  });
});

describe('targets', () => {
  it('outside the allowed networks, and link-local ones, are not connected to', async () => {
    const receiver = new Receiver();
    await receiver.start();
    const port = new URL(receiver.url()).port;
    const server = await withNotifications(
      [
        webhook('outside', receiver.url(), '    attemptsMax: 1\n'),
        webhook('by-name', `http://localhost:${port}/`, '    attemptsMax: 1\n'),
        webhook('metadata', 'http://169.254.169.254/latest/', '    attemptsMax: 1\n'),
        webhook('disguised', 'http://[::ffff:169.254.169.254]/', '    attemptsMax: 1\n'),
      ].join(''),
      'notificationNetworks: [10.0.0.0/8, 169.254.0.0/16]\n',
    );
    await kill(server, 'nets');
    const effects = await eventually('all are given up', async () => {
      const found = await effectsOf(server, 'nets');
      return found.length === 4 && found.every((e) => e.state === 'given_up') && found;
    });
    const errors = Object.fromEntries(effects.map((e: Json) => [e.notifier, e.error]));
    assert.match(errors['outside'], /^The target is refused: 127\.0\.0\.1 is in none of notificationNetworks\.$/);
    assert.match(errors['by-name'], /is in none of notificationNetworks\.$/);
    assert.match(errors['metadata'], /^The target is refused: 169\.254\.169\.254 is a link-local address\.$/);
    assert.match(errors['disguised'], /^The target is refused: 169\.254\.169\.254 is a link-local address\.$/);
    assert.equal(receiver.heard.length, 0);
    receiver.stop();
    await server.stop();
  });
});

describe('commands', () => {
  it('are run as they are declared, with the message on their input', async () => {
    const directory = temporaryDirectory();
    const script = join(directory, 'notify.sh');
    writeFileSync(script, '#!/bin/sh\ncat > "$1/message"\nenv > "$1/env"\nprintf %s "$2" > "$1/argument"\n', { mode: 0o755 });
    const server = await withNotifications(`  - name: script\n    command: [${script}, ${directory}, "$(id); 'x'"]\n`, '', { env: { HIDDEN: 'yes' } });
    const result = await server.cli(['notify', 'test', 'script']);
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /script\s+delivered\s+1/);
    const message = JSON.parse(readFileSync(join(directory, 'message'), 'utf8'));
    assert.equal(message.type, 'NOTIFIER.TEST');
    assert.equal(message.title, 'A test of notifier script, asked for by admin.');
    const env = readFileSync(join(directory, 'env'), 'utf8');
    assert.match(env, new RegExp(`^ARBITER_EFFECT_ID=${message.id}$`, 'm'));
    assert.match(env, /^ARBITER_NOTIFIER=script$/m);
    assert.ok(!env.includes('HIDDEN'));
    assert.equal(readFileSync(join(directory, 'argument'), 'utf8'), "$(id); 'x'");
    await server.stop();
  });

  it('that fail or hang are tried again, and say why', async () => {
    const directory = temporaryDirectory();
    const script = join(directory, 'notify.sh');
    const mark = join(directory, 'mark');
    writeFileSync(script, `#!/bin/sh\nif [ "$ARBITER_EFFECT_ATTEMPT" = 1 ]; then echo 'no route' >&2; exit 3; fi\nif [ "$ARBITER_EFFECT_ATTEMPT" = 2 ]; then sleep 1000; fi\ntouch ${mark}\n`, { mode: 0o755 });
    const server = await withNotifications(`  - name: script\n    command: [${script}]\n    timeoutMs: 300\n`);
    await kill(server, 'command');
    const effect = await inState(server, 'command', 'delivered');
    assert.equal(effect.attempt, 3);
    assert.ok(existsSync(mark));
    const failures = (await eventsAfter(server, 0, `&tags=effect:${effect.id}`)).filter((e: Json) => e.type === 'EFFECT.FAILED.RETRY');
    assert.deepEqual(
      failures.map((e: Json) => e.data.error),
      ['The command exited with status 3: no route', 'The command took longer than 300 ms.'],
    );
    const missing = await server.cli(['notify', 'test', 'nobody']);
    assert.equal(missing.status, 3);
    assert.match(missing.stderr, /The configuration declares: script\./);
    await server.stop();
  });
});

describe('the configuration of notifications', () => {
  it('stops the start with the line of each mistake', async () => {
    const start = (lines: string): Promise<Server> => withNotifications(lines);
    await assert.rejects(start('  - name: a\n    webhook: ftp://x/\n    secretEnv: A\n    colour: red\n'), /arbiter\.yaml:3: notifications\[0\]\.webhook: must begin with https:\/\/ or http:\/\/[\s\S]*arbiter\.yaml:5: notifications\[0\]\.colour: is not a known key/);
    await assert.rejects(start('  - name: a\n    webhook: https://x/\n    secretFile: /nowhere/secret\n'), /notifications: a: secretFile: \/nowhere\/secret cannot be read/);
  });
});
