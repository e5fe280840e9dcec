import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client } from './client.js';
import type { StreamMessage, SubscribeOptions } from './subscription.js';
import { events, problem, ScriptedServer, type Script } from './testing/scripted_server.js';

const event = (position: number): string => `id: ${position}\nevent: TASK.QUEUED.SUCCESS\ndata: {"position":${position},"type":"TASK.QUEUED.SUCCESS"}\n\n`;
const brief = (message: StreamMessage): string => `${message.kind} ${message.position}`;

// Reads until the subscription ends or has given `count` messages; gives what it gave and the paths that were asked.
async function follow(scripts: Script[], options: SubscribeOptions, count: number): Promise<{ seen: string[]; paths: string[]; error: unknown }> {
  const server = await ScriptedServer.start(...scripts);
  const client = new Client({ url: server.url, token: '' });
  const seen: string[] = [];
  let error: unknown;
  try {
    for await (const message of client.subscribe(options)) {
      seen.push(brief(message));
      if (seen.length === count) break;
    }
  } catch (caught) {
    error = caught;
  }
  client.close();
  await server.stop();
  return { seen, error, paths: server.asked.map(({ path }) => path.replace('/api/v1/events/stream', '')) };
}

describe('a subscription', () => {
  it('comes back after the last event that it gave', async () => {
    const states: string[] = [];
    const { seen, paths } = await follow(
      [events(`: position 3\n\n${event(4)}${event(6)}id: 7\nevent: TA`), problem(503, 'shutting_down', { 'Retry-After': '0' }), events(`: position 6\n\n${event(7)}`, true)],
      { types: ['TASK.*'], onState: (state) => states.push(state) }, 3);
    assert.deepEqual(seen, ['event 4', 'event 6', 'event 7']);
    assert.deepEqual(paths, ['?types=TASK.*', '?types=TASK.*&after=6', '?types=TASK.*&after=6']);
    assert.deepEqual(states, ['live', 'away', 'away', 'live']);
  });

  it('that has given nothing comes back to where it began', async () => {
    const { seen, paths } = await follow([events(': position 3\n\n'), events(`: position 3\n\n${event(4)}`, true)], { task: 'a' }, 1);
    assert.deepEqual([seen, paths], [['event 4'], ['?task=a', '?task=a&after=3']]);
  });

  it('begins after the position that it is told', async () => {
    const { paths } = await follow([events(`: position 40\n\n${event(41)}`, true)], { after: 40, tags: ['a', 'b'] }, 1);
    assert.deepEqual(paths, ['?tags=a%2Cb&after=40']);
  });

  it('begins with a snapshot, for which it asks again when it did not come', async () => {
    const snapshot = 'id: 9\nevent: snapshot\ndata: {"position":9,"tasks":[],"truncated":[]}\n\n';
    const { seen, paths } = await follow([events(': position 8\n\n'), events(`: position 9\n\n${snapshot}`), events(`: position 9\n\n${event(10)}`, true)], { snapshot: ['tasks', 'queues'] }, 2);
    assert.deepEqual(seen, ['snapshot 9', 'event 10']);
    assert.deepEqual(paths, ['?snapshot=tasks%2Cqueues', '?snapshot=tasks%2Cqueues', '?after=9']);
  });

  it('tells that it lagged, and goes on', async () => {
    const { seen, paths } = await follow([events(`: position 0\n\n${event(1)}event: lagging\ndata: {"position":1}\n\n`), events(`: position 1\n\n${event(2)}`, true)], {}, 3);
    assert.deepEqual([seen, paths], [['event 1', 'lagging 1', 'event 2'], ['', '?after=1']]);
  });

  it('ends with an error that does not pass, told before the stream or in it', async () => {
    const refused = await follow([problem(410, 'history_truncated')], { after: 1 }, 1);
    assert.equal((refused.error as { code: string }).code, 'history_truncated');
    const ended = await follow([events(`: position 0\n\n${event(1)}event: error\ndata: {"code":"unauthorized","message":"This token has been revoked."}\n\n`)], {}, 5);
    assert.deepEqual(ended.seen, ['event 1']);
    assert.deepEqual([(ended.error as { code: string }).code, ended.paths.length], ['unauthorized', 1]);
  });

  it('ends quietly with its signal', async () => {
    const controller = new AbortController();
    const { seen, error } = await follow([events(`: position 0\n\n${event(1)}`, true)], { signal: controller.signal, onState: () => setImmediate(() => controller.abort()) }, 5);
    assert.deepEqual([seen, error], [['event 1'], undefined]);
    const early = await follow([events('', true)], { signal: AbortSignal.abort() }, 1);
    assert.deepEqual([early.seen, early.error, early.paths], [[], undefined, []]);
  });
});
