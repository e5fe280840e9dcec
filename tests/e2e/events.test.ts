// The event log: queries, and a stream that is resumed without a gap or a repetition.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { complete, eventsAfter, leaseOne, leased, refused, submit, submitBatch, worker } from './support/api';
import { Json, Server, eventually } from './support/server';
import { EventStream } from './support/stream';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const query = async (text: string): Promise<Json[]> => (await server.expect(200, 'GET', `/api/v1/events?${text}`)).items;
const positions = (events: Json[]): number[] => events.map((e) => e.position);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('event query', () => {
  it('gives everything in order, dense from 1, with type, tags, data and metadata', async () => {
    await complete(server, await leased(server, { id: 'e1', type: 'events', payload: 'secret', tags: ['nightly'] }), 'result');
    await submitBatch(server, Array.from({ length: 30 }, () => ({ type: 'filler' })));
    const events = await eventsAfter(server);
    assert.deepEqual(positions(events), range(1, events.length));
    assert.equal(new Set(events.map((e) => e.id)).size, events.length);
    const submitted = events.find((e) => e.type === 'TASK.SUBMITTED.SUCCESS' && e.data.id === 'e1');
    assert.ok(submitted.tags.includes('task:e1') && submitted.tags.includes('nightly'), JSON.stringify(submitted));
    assert.match(submitted.time, /^\d{4}-.*\.\d{3}Z$/);
    assert.ok(submitted.metadata.actor && submitted.metadata.requestId, JSON.stringify(submitted.metadata));
  });

  it('filters by position, types and tags', async () => {
    const all = await eventsAfter(server);
    assert.deepEqual(await query('after=5&limit=3').then(positions), [6, 7, 8]);
    assert.deepEqual(await query(`after=${all.length}`), []);
    const ends = await query('types=TASK.COMPLETED.SUCCESS,WORKER.REGISTERED.SUCCESS');
    assert.deepEqual(positions(ends), positions(all.filter((e) => ['TASK.COMPLETED.SUCCESS', 'WORKER.REGISTERED.SUCCESS'].includes(e.type))));
    assert.ok(ends.length >= 2);
    const ofTask = await query('tags=task:e1');
    assert.deepEqual(ofTask.map((e) => e.type), ['TASK.SUBMITTED.SUCCESS', 'TASK.ASSIGNED.SUCCESS', 'TASK.COMPLETED.SUCCESS']);
    assert.deepEqual((await query('tags=worker:events')).map((e) => e.type), ['WORKER.REGISTERED.SUCCESS', 'TASK.ASSIGNED.SUCCESS']);
    assert.deepEqual((await query('tags=nightly')).map((e) => e.data.id), ['e1']);
    assert.deepEqual((await query('tags=task:e1&types=TASK.ASSIGNED.SUCCESS')).length, 1);
    assert.deepEqual(await query('tags=task:nobody'), []);
    assert.deepEqual(await query('types=NO.SUCH.TYPE').catch(() => []), []);
  });

  it('pages without loss, filtered or not', async () => {
    for (const filter of ['', '&types=TASK.SUBMITTED.SUCCESS']) {
      const whole = await eventsAfter(server, 0, filter);
      const paged: Json[] = [];
      for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
        const page: Json = await server.expect(200, 'GET', `/api/v1/events?after=${cursor}&limit=7${filter}`);
        assert.ok(page.items.length <= 7);
        paged.push(...page.items);
        cursor = page.nextCursor;
      }
      assert.deepEqual(positions(paged), positions(whole));
    }
  });

  it('refuses bad parameters by name', async () => {
    for (const [text, field] of [['after=-1', 'after'], ['after=x', 'after'], ['limit=0', 'limit'], ['limit=1001', 'limit'], ['limit=', 'limit'], ['color=red', 'color']]) {
      await refused(server, 400, 'invalid_request', 'GET', `/api/v1/events?${text}`, undefined, [field!]);
    }
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/events?limit=1e9&after=1.5', undefined, ['after', 'limit']);
  });
});

describe('event stream', () => {
  it('gives the past from a position, then what happens', async () => {
    const head = (await eventsAfter(server)).length;
    const stream = await EventStream.open(server, '?after=0');
    assert.equal(stream.status, 200);
    assert.match(String(stream.headers['content-type']), /^text\/event-stream/);
    await stream.until(head);
    await submitBatch(server, Array.from({ length: 20 }, () => ({ type: 'filler' })));
    await stream.until(head + 20);
    assert.deepEqual(positions(stream.events), range(1, head + 20));
    assert.deepEqual(stream.ids, stream.events.map((e) => String(e.position)));
    stream.close();
  });

  it('begins with what is new when no position is given, and filters by type and tag', async () => {
    const fresh = await EventStream.open(server);
    const byType = await EventStream.open(server, '?types=TASK.COMPLETED.SUCCESS');
    const byTag = await EventStream.open(server, '?tags=task:st-2');
    await worker(server, 'st');
    await submitBatch(server, [{ id: 'st-1', type: 'st' }, { id: 'st-2', type: 'st' }]);
    for (let n = 0; n < 2; n++) await complete(server, await leaseOne(server, 'st'));
    assert.deepEqual((await byType.until(2)).map((e) => e.data.id), ['st-1', 'st-2']);
    assert.deepEqual((await byTag.until(3)).map((e) => e.data.id), ['st-2', 'st-2', 'st-2']);
    await fresh.until(7);
    const head = (await eventsAfter(server)).length;
    assert.deepEqual(positions(fresh.events), range(head - 6, head));
    for (const stream of [fresh, byType, byTag]) stream.close();
  });

  it('goes on after Last-Event-ID', async () => {
    const head = (await eventsAfter(server)).length;
    const stream = await EventStream.open(server, '', { 'Last-Event-ID': String(head - 3) });
    await stream.until(3);
    assert.deepEqual(positions(stream.events), range(head - 2, head));
    stream.close();
  });

  it('misses nothing and repeats nothing over restarts of the server', async () => {
    const seen: number[] = [];
    const from = (await eventsAfter(server)).length;
    let last = from;
    let restarting = false;
    let done = false;
    const follow = async (): Promise<void> => {
      while (!done) {
        const stream = await EventStream.open(server, '', { 'Last-Event-ID': String(last) }).catch(() => undefined);
        if (stream === undefined) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          continue;
        }
        await eventually('the stream ends', async () => stream.ended || done, 60_000);
        seen.push(...positions(stream.events));
        if (stream.ids.length > 0) last = Number(stream.ids.at(-1));
        stream.close();
      }
    };
    const following = follow();
    let submitted = 0;
    const load = (async () => {
      for (let n = 0; n < 300; n++) {
        const id = `over-${n}`;
        await eventually(`submit of ${id}`, async () => {
          const answer = await server.call('POST', '/api/v1/tasks', { id, type: 'over' }).catch((error) => {
            if (!restarting) throw error;
            return undefined;
          });
          return answer !== undefined && answer.status < 300;
        });
        submitted++;
      }
    })();
    for (let n = 1; n <= 3; n++) {
      await eventually('some submits', async () => submitted >= n * 60);
      restarting = true;
      await (n === 2 ? server.terminate().then(() => server.start()) : server.restart());
    }
    await load;
    const head = (await eventsAfter(server)).length;
    const tail = await EventStream.open(server, `?after=${from}`);
    await tail.until(head - from);
    tail.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    done = true;
    await following;
    assert.deepEqual(seen, range(from + 1, head));
    assert.deepEqual(positions(tail.events), range(from + 1, head));
  });

  it('tells a live reader what comes and ends when the server stops', async () => {
    const stream = await EventStream.open(server);
    assert.equal(await server.terminate(), 0);
    await eventually('the stream has ended', async () => stream.ended);
    await server.start();
    await submit(server, { type: 'filler' });
  });

  it('tells a reader that takes nothing that it lags, and skips nothing', async () => {
    const small = await Server.start({ flags: ['--limits-http-stream-buffer-bytes-max', '131072'] });
    const { hostname, port } = new URL(small.url);
    let text = '';
    const socket = connect(Number(port), hostname);
    socket.write(`GET /api/v1/events/stream?after=0 HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${small.token}\r\n\r\n`);
    socket.pause();
    const task = { type: 'x'.repeat(120), tags: ['a'.repeat(120), 'b'.repeat(120), 'c'.repeat(120)] };
    for (let n = 0; n < 25; n++) await submitBatch(small, Array.from({ length: 1_000 }, () => task));
    await eventually('the server has let go', async () => /^arbiter_streams_open 0$/m.test((await small.call('GET', '/metrics')).text), 30_000);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.resume();
    await eventually('the last message', async () => /event: lagging\ndata: \{"position":\d+\}\n\n/.test(text));
    socket.destroy();
    const last = Number(/event: lagging\ndata: \{"position":(\d+)\}/.exec(text)![1]);
    assert.deepEqual([...text.matchAll(/^id: (\d+)$/gm)].map((m) => Number(m[1])), range(1, last));
    assert.ok(last < 25_000);
    await small.stop();
  });

  it('refuses bad parameters and strangers', async () => {
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/events/stream?after=x', undefined, ['after']);
    await refused(server, 401, 'unauthorized', 'GET', '/api/v1/events/stream', undefined, [], { token: null });
  });
});
