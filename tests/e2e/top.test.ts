// `arbiter top`: the fleet on a terminal, and once for scripts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { acted, leaseOne, submit, worker } from './support/api';
import { Json, Server, arbiter } from './support/server';
import { Terminal } from './support/terminal';

const RESTORED = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

let server: Server;
let env: Record<string, string>;
before(async () => {
  server = await Server.start();
  env = { ARBITER_URL: server.url, ARBITER_TOKEN: server.token };
  await worker(server, 'ada', { capabilities: ['build'], location: 'rack 7' });
  await submit(server, { id: 'build-1', type: 'build' });
  await submit(server, { id: 'later-1', type: 'other', queue: 'others' });
  const held = await leaseOne(server, 'ada');
  await acted(server, held, 'progress', { percent: 40, message: '\u001b[2Jhalf\u202e of it' });
});
after(() => server.stop());

describe('top', () => {
  it('prints once what it would show, without a terminal', async () => {
    const { status, stdout } = await server.cli(['top', '--once'], { env: { COLUMNS: '120' } });
    assert.equal(status, 0);
    assert.match(stdout, /^arbiter \S+  http:\S+  default +live  \d\d:\d\d:\d\dZ$/m);
    assert.match(stdout, /workers 1 busy 0 idle  tasks 1 running 1 queued/);
    assert.match(stdout, /^ada +live +1\/1000 +\S+ +build-1 +\S+ +40% \?\[2Jhalf\? of it/m, 'what she does, and nothing that moves the cursor');
    assert.match(stdout, /^others +1 +0 /m);
    assert.match(stdout, /TASK\.SUBMITTED\.SUCCESS +later-1/);
    assert.doesNotMatch(stdout, /\x1b/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 120, line);
    const some = (await server.cli(['top', '--once', '--view', 'tasks', '--filter', 'LATER'])).stdout;
    assert.match(some, /later-1/);
    assert.doesNotMatch(some, /build-1/);
  });

  it('answers in JSON', async () => {
    const { status, stdout } = await server.cli(['-o', 'json', 'top']);
    assert.equal(status, 0);
    const picture: Json = JSON.parse(stdout);
    assert.deepEqual([picture.url, picture.namespace, picture.workers.length], [server.url, 'default', 1]);
    assert.deepEqual(picture.tasks.map((t: Json) => t.id), ['build-1', 'later-1'], 'what is worked on comes first');
    assert.equal(picture.events.at(-1).position, picture.position);
  });

  it('says what is missing: a terminal, a server, a token', async () => {
    const none = await server.cli(['top']);
    assert.equal(none.status, 2);
    assert.match(none.stderr, /--once/);
    assert.equal((await arbiter(['top', '--once'], { env: { ARBITER_URL: 'http://127.0.0.1:1' } })).status, 7);
    assert.equal((await server.cli(['top', '--once'], { env: { ARBITER_TOKEN: 'wrong' } })).status, 5);
    assert.equal((await server.cli(['top', '--once', '--interval', '1ms'])).status, 2);
  });

  it('follows what happens, over a restart of the server, and gives the terminal back', async () => {
    const own = await Server.start();
    const terminal = new Terminal(['top', '--interval', '200ms'], { env: { ARBITER_URL: own.url, ARBITER_TOKEN: own.token } });
    await terminal.shows(/No workers\./, 0);
    await worker(own, 'bob');
    await terminal.shows(/bob +.*live/, 0);
    const before = terminal.output.length;
    await own.kill();
    await terminal.shows(/NOT LIVE for .*since \d\d:\d\d:\d\dZ/, before);
    await terminal.shows(/Trying again: .*Connection refused/, before);
    const away = terminal.output.length;
    await own.start();
    await terminal.shows(/live  \d\d:\d\d:\d\dZ/, away);
    await submit(own, { id: 'after-restart', type: 'x' });
    await terminal.shows(/TASK\.SUBMITTED\.SUCCESS.*after-restart/, away);
    terminal.type('q');
    assert.equal(await terminal.exited, 0);
    assert.ok(terminal.output.includes(RESTORED), 'the screen and the cursor are given back');
    await own.stop();
  });

  it('has views, a filter and a pause', async () => {
    const terminal = new Terminal(['top', '--interval', '200ms'], { env });
    await terminal.shows(/\[1 All\]/, 0);
    terminal.type('4');
    await terminal.shows(/\[4 Tasks\]/, 0);
    await terminal.shows(/later-1/, 0);
    let from = terminal.output.length;
    terminal.type('/zzz');
    await terminal.shows(/Nothing here contains `zzz`/, from);
    from = terminal.output.length;
    terminal.type('\x1b');
    await terminal.shows(/later-1/, from);
    terminal.type('p');
    await terminal.shows(/paused at/, from);
    from = terminal.output.length;
    await submit(server, { id: 'unseen-1', type: 'other' });
    terminal.type('\t');
    await terminal.shows(/\[5 Queues\]/, from);
    terminal.type('p\t');
    await terminal.shows(/unseen-1/, from);
    const shown = terminal.output.slice(from);
    assert.ok(shown.indexOf('unseen-1') > shown.indexOf('[5 Queues]'), 'while it is paused nothing new shows');
    terminal.type('\x03'); // Ctrl-C
    assert.equal(await terminal.exited, 0);
    assert.ok(terminal.output.includes(RESTORED));
  });

  it('gives the terminal back when it is told to end', async () => {
    for (const [signal, code] of [['TERM', 143], ['SEGV', 139]] as const) {
      const terminal = new Terminal(['top', '--filter', `mark-${signal}`], { env });
      await terminal.shows(/\[1 All\]/, 0);
      assert.equal(spawnSync('pkill', [`-${signal}`, '-f', `top --filter mark-${signal}$`]).status, 0);
      assert.equal(await terminal.exited, code);
      assert.ok(terminal.output.includes(RESTORED), signal);
    }
  });
});
