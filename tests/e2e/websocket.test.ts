// /ws: many subscriptions on one connection; resumed without a gap or a repetition; slow, hostile and many clients.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { complete, eventsAfter, leaseOne, submit, submitBatch, worker } from './support/api';
import { Json, Server, eventually } from './support/server';
import { EventSocket } from './support/web_socket';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const positions = (events: Json[]): number[] => events.map((e) => e.position);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('subscriptions over a WebSocket', () => {
  it('answers a ping, for clients that cannot send the pings of the protocol', async () => {
    const socket = await EventSocket.open(server);
    socket.send({ type: 'ping' });
    assert.deepEqual(await socket.typed('pong'), { type: 'pong' });
    socket.send({ type: 'ping', id: 'x' });
    assert.match((await socket.typed('error')).errors[0].field, /^id$/);
    socket.close();
  });

  it('welcomes, subscribes by type, tag and task, and unsubscribes', async () => {
    const socket = await EventSocket.open(server);
    const connected = await socket.typed('connected');
    assert.match(connected.timestamp, /^\d{4}-.*Z$/);
    assert.equal(connected.namespace, 'default');
    socket.send({ type: 'subscribe', id: 'ends', events: ['TASK.COMPLETED.*'] });
    socket.send({ type: 'subscribe', id: 'one', task: 'ws-2' });
    socket.send({ type: 'subscribe', id: 'tag', tags: ['nightly', 'task:ws-1'] });
    await eventually('three are subscribed', async () => socket.messages.filter((m) => m.type === 'subscribed').length === 3);
    await worker(server, 'ws');
    await submitBatch(server, [{ id: 'ws-1', type: 'ws', tags: ['nightly'] }, { id: 'ws-2', type: 'ws' }]);
    for (let n = 0; n < 2; n++) await complete(server, await leaseOne(server, 'ws'));
    assert.deepEqual((await socket.untilEvents(2, 'ends')).map((e) => e.data.id), ['ws-1', 'ws-2']);
    assert.deepEqual((await socket.untilEvents(3, 'one')).map((e) => e.type), ['TASK.SUBMITTED.SUCCESS', 'TASK.ASSIGNED.SUCCESS', 'TASK.COMPLETED.SUCCESS']);
    assert.deepEqual((await socket.untilEvents(1, 'tag')).map((e) => e.data.id), ['ws-1']);
    const event = socket.messages.find((m) => m.type === 'event' && m.subscription === 'ends');
    assert.equal(event.eventType, 'TASK.COMPLETED.SUCCESS');
    assert.deepEqual(event.event, (await eventsAfter(server)).find((e) => e.position === event.event.position));

    socket.send({ type: 'unsubscribe', subscription: 'ends' });
    const last = await socket.typed('unsubscribed');
    assert.ok(last.position >= event.event.position);
    await submit(server, { id: 'ws-3', type: 'ws' });
    await complete(server, await leaseOne(server, 'ws'));
    socket.send({ type: 'subscribe', id: 'rest', types: ['TASK.COMPLETED.*'], after: last.position });
    assert.deepEqual((await socket.untilEvents(1, 'rest')).map((e) => e.data.id), ['ws-3']);
    assert.equal(socket.events('ends').length, 2);
    socket.close();
  });

  it('answers what it does not understand with an error, and lives', async () => {
    const socket = await EventSocket.open(server);
    for (const [message, code] of [['{', 'invalid_request'], [{ type: 'dance' }, 'invalid_request'], [{ type: 'unsubscribe', subscription: 'x' }, 'not_found'], [{ type: 'subscribe', after: -1, mood: 1 }, 'invalid_request']] as const) {
      const before = socket.messages.length;
      socket.send(message as Json);
      const error = await eventually('an error', async () => socket.messages[before]);
      assert.equal(error.type, 'error', JSON.stringify(error));
      assert.equal(error.code, code, JSON.stringify(error));
      assert.ok(error.message.length > 0);
    }
    assert.deepEqual(socket.messages.at(-1).errors.map((e: Json) => e.field).sort(), ['after', 'mood']);
    socket.send({ type: 'subscribe' });
    assert.equal((await socket.typed('subscribed')).subscription, 's1');
    socket.close();
  });

  it('misses nothing and repeats nothing over restarts of the server', async () => {
    const from = (await eventsAfter(server)).length;
    const seen: number[] = [];
    let done = false;
    const following = (async () => {
      while (!done) {
        const socket = await EventSocket.open(server).catch(() => undefined);
        if (socket === undefined) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          continue;
        }
        socket.send({ type: 'subscribe', after: seen.at(-1) ?? from });
        await eventually('the socket ends', async () => socket.closeCode !== 0 || done, 60_000);
        seen.push(...positions(socket.events()));
        socket.close();
      }
    })();
    for (let n = 0; n < 300; n++) {
      const id = `over-${n}`;
      await eventually(`submit of ${id}`, async () => {
        const answer = await server.call('POST', '/api/v1/tasks', { id, type: 'over' }).catch(() => undefined);
        return answer !== undefined && answer.status < 300;
      });
      if (n === 80 || n === 220) await server.restart();
      if (n === 150) await server.terminate().then(() => server.start());
    }
    const head = (await eventsAfter(server)).length;
    const rest = await EventSocket.open(server);
    rest.send({ type: 'subscribe', after: from });
    await rest.untilEvents(head - from);
    await new Promise((resolve) => setTimeout(resolve, 200));
    done = true;
    await following;
    assert.deepEqual(seen, range(from + 1, head));
    assert.deepEqual(positions(rest.events()), range(from + 1, head));
    rest.close();
  });

  it('begins with a snapshot that the events after it complete', async () => {
    await worker(server, 'snap');
    await submitBatch(server, Array.from({ length: 30 }, (_, n) => ({ id: `snap-${n}`, type: 'snap', queue: 'snap' })));
    const load = (async () => {
      for (let n = 0; n < 30; n++) await complete(server, await leaseOne(server, 'snap'));
    })();
    const sockets: EventSocket[] = [];
    for (let n = 0; n < 10; n++) {
      const socket = await EventSocket.open(server);
      socket.send({ type: 'subscribe', id: 'board', snapshot: ['tasks', 'queues', 'workers'] });
      sockets.push(socket);
    }
    await load;
    const head = (await eventsAfter(server)).length;
    for (const socket of sockets) {
      const snapshot = await socket.typed('snapshot');
      await eventually('the last event', async () => snapshot.position === head || socket.events().at(-1)?.position === head);
      assert.deepEqual(positions(socket.events()), range(snapshot.position + 1, head));
      // The tasks of the snapshot, less those whose end follows, are those that are left: none of this queue.
      const live = new Set(snapshot.tasks.filter((t: Json) => t.queue === 'snap').map((t: Json) => t.id));
      const depth = snapshot.queues.find((q: Json) => q.name === 'snap').depth;
      assert.equal(live.size, (depth.queued ?? 0) + (depth.running ?? 0));
      for (const event of socket.events()) if (event.type === 'TASK.COMPLETED.SUCCESS') assert.ok(live.delete(event.data.id), event.data.id);
      assert.equal(live.size, 0);
      assert.ok(snapshot.workers.some((w: Json) => w.id === 'snap'));
      socket.close();
    }
  });

  it('tells a reader that takes nothing that it lags, and skips nothing', async () => {
    const small = await Server.start({ flags: ['--limits-http-stream-buffer-bytes-max', '131072'] });
    const socket = await EventSocket.open(small);
    socket.send({ type: 'subscribe', id: 'all', after: 0 });
    await socket.typed('subscribed');
    socket.socket.pause();
    const task = { type: 'x'.repeat(120), tags: ['a'.repeat(120), 'b'.repeat(120), 'c'.repeat(120)] };
    for (let n = 0; n < 25; n++) await submitBatch(small, Array.from({ length: 1_000 }, () => task));
    // Ten seconds without any progress; a client that reads again before would just go on.
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    socket.socket.resume();
    const lagging = await socket.typed('lagging');
    assert.equal(lagging.subscription, 'all');
    assert.deepEqual(positions(socket.events()), range(1, lagging.position));
    assert.ok(lagging.position < 25_000);
    // The connection lives: it goes on from there.
    socket.send({ type: 'subscribe', id: 'again', after: lagging.position });
    assert.deepEqual(positions(await socket.untilEvents(25_000 - lagging.position, 'again')), range(lagging.position + 1, 25_000));
    socket.close();
    await small.stop();
  });

  it('says goodbye when the server stops', async () => {
    const socket = await EventSocket.open(server);
    socket.send({ type: 'subscribe' });
    await socket.typed('subscribed');
    assert.equal(await server.terminate(), 0);
    assert.equal(await socket.closed(), 1001);
    await server.start();
  });

  it('serves 500 subscribers, each with its own task', async () => {
    const count = 500;
    const sockets = await Promise.all(Array.from({ length: count }, () => EventSocket.open(server)));
    sockets.forEach((socket, n) => socket.send({ type: 'subscribe', task: `many-${n}` }));
    await Promise.all(sockets.map((socket) => socket.typed('subscribed')));
    await submitBatch(server, Array.from({ length: count }, (_, n) => ({ id: `many-${n}`, type: 'many' })));
    for (const [n, socket] of sockets.entries()) {
      assert.deepEqual((await socket.untilEvents(1)).map((e) => e.data.id), [`many-${n}`]);
      socket.close();
    }
    await eventually('none is open', async () => /^arbiter_streams_open 0$/m.test((await server.call('GET', '/metrics')).text));
  });
});

describe('who may connect', () => {
  const status = (options: Parameters<typeof EventSocket.open>[1]): Promise<string> =>
    EventSocket.open(server, options).then((socket) => (socket.close(), 'open'), (error) => String(error.message));

  it('takes the token from Authorization or from the subprotocols, never from the URL', async () => {
    assert.match(await status({ token: null }), /401/);
    assert.match(await status({ token: 'guess' }), /401/);
    assert.match(await status({ token: null, query: `?token=${server.token}` }), /401/);
    assert.match(await status({ query: '?token=x' }), /400/);
    const browser = await EventSocket.open(server, { token: null, protocols: ['arbiter', `bearer.${server.token}`] });
    assert.equal(browser.protocol, 'arbiter');
    await browser.typed('connected');
    browser.close();
    assert.match(await status({ token: null, protocols: ['arbiter', 'bearer.guess'] }), /401/);
    assert.ok(!server.log.includes(server.token));
  });

  it('refuses pages of other origins and other names of the server', async () => {
    assert.match(await status({ headers: { Origin: 'http://evil.example' } }), /403/);
    assert.match(await status({ headers: { Host: 'evil.example' } }), /421/);
    assert.equal(await status({ headers: { Origin: server.url } }), 'open');
  });

  it('refuses requests that are no upgrades, and more streams than the limit', async () => {
    assert.equal((await server.call('GET', '/ws')).status, 400);
    const few = await Server.start({ flags: ['--limits-http-streams-max', '2', '--limits-http-subscriptions-max', '1'] });
    const first = await EventSocket.open(few);
    const second = await EventSocket.open(few);
    await assert.rejects(EventSocket.open(few), /503|429/);
    first.send({ type: 'subscribe' });
    first.send({ type: 'subscribe' });
    assert.equal((await first.typed('error')).code, 'overloaded');
    first.close();
    second.close();
    await few.stop();
  });
});

describe('hostile WebSocket clients', () => {
  // Upgrades by hand, sends these bytes, and gives the close code that comes back; 0: the connection just ended.
  const closeCode = (bytes: Buffer): Promise<number> => {
    const { hostname, port } = new URL(server.url);
    return new Promise((resolve) => {
      let got = Buffer.alloc(0);
      const socket = connect(Number(port), hostname);
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${server.token}\r\n\r\n`,
      );
      socket.write(bytes);
      socket.on('data', (chunk) => (got = Buffer.concat([got, chunk])));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        let at = got.indexOf('\r\n\r\n') + 4;
        for (; at + 3 < got.length; ) {
          const size = got[at + 1]! < 126 ? got[at + 1]! + 2 : got.readUInt16BE(at + 2) + 4;
          if ((got[at]! & 0x0f) === 8) return resolve(got.readUInt16BE(at + 2));
          at += size;
        }
        resolve(0);
      });
    });
  };
  const masked = (opcode: number, payload: string, last = true): Buffer =>
    Buffer.concat([Buffer.from([(last ? 0x80 : 0) | opcode, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload, 'latin1')]);
  const many = (frame: Buffer, count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => frame));

  it('are closed with the reason, and harm nobody else', async () => {
    const friend = await EventSocket.open(server);
    friend.send({ type: 'subscribe', id: 'all' });
    await friend.typed('subscribed');
    const cases: [string, Buffer, number][] = [
      ['an unmasked frame', Buffer.from([0x81, 1, 0x7b]), 1002],
      ['a frame of 2^63 bytes', Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]), 1009],
      ['an oversized message in parts', Buffer.concat([masked(1, 'x', false), many(masked(0, 'x'.repeat(125), false), 2_000)]), 1009],
      ['endless empty fragments', Buffer.concat([masked(1, '', false), many(masked(0, '', false), 100_000)]), 1008],
      ['a flood of pings', many(masked(9, ''), 100_000), 1008],
      ['bad UTF-8', masked(1, '\xff\xfe'), 1007],
      ['bytes', masked(2, 'bytes'), 1003],
    ];
    for (const [what, bytes, code] of cases) assert.equal(await closeCode(bytes), code, what);
    await submit(server, { id: 'after-hostile', type: 'x' });
    await friend.untilEvents(1, 'all');
    friend.close();
  });
});
