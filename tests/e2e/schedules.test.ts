// Schedules: tasks that come again and again, by the wall clock.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { complete, everyItem, eventsAfter, leaseOne, refused, taskOf, worker } from './support/api';
import { Json, Server, eventually } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const path = (name: string): string => `/api/v1/schedules/${name}`;
const set = (status: number, name: string, body: Json): Promise<Json> => server.expect(status, 'PUT', path(name), body);
const schedule = (name: string): Promise<Json> => server.expect(200, 'GET', path(name));
const eventsOf = (name: string): Promise<Json[]> => eventsAfter(server, 0, `&tags=schedule:${name}`);
const ofType = (events: Json[], type: string): Json[] => events.filter((e) => e.type === type).map((e) => e.data);

describe('schedules', () => {
  it('fires by the clock and shows next and last runs', async () => {
    await worker(server, 'ticker', { capabilities: ['tick'] });
    const made = await set(201, 'tick', { cron: '* * * * * *', overlap: 'queue', task: { type: 'tick', payload: { n: 1 }, tags: ['mine'] } });
    assert.equal(made.state, 'active');
    assert.equal(made.timeZone, 'UTC');
    const held = await leaseOne(server, 'ticker', { waitMs: 20_000 });
    assert.deepEqual(held.task.payload, { n: 1 });
    assert.deepEqual(held.task.tags, ['mine', 'schedule:tick']);
    assert.match(held.task.runAt, /\.000Z$/);
    await complete(server, held);
    const next = await leaseOne(server, 'ticker', { waitMs: 20_000 });
    assert.ok(Date.parse(next.task.runAt) > Date.parse(held.task.runAt));
    const seen = await server.expect(200, 'GET', `${path('tick')}?upcoming=3`);
    const first = seen.runs.find((run: Json) => run.taskId === held.task.id);
    assert.equal(first.state, 'completed');
    assert.equal(first.dueAt, held.task.runAt);
    assert.equal(seen.upcoming.length, 3);
    assert.equal(seen.upcoming[0], seen.nextAt);
    assert.ok(seen.live >= 1 && seen.fired >= 2);
    await server.expect(200, 'DELETE', path('tick'));
    await refused(server, 404, 'not_found', 'GET', path('tick'));
    assert.equal((await taskOf(server, held.task.id)).state, 'completed');
  });

  it('a fire is in one commit with its task, and a time that brings none says why', async () => {
    await set(201, 'overlapping', { everyMs: 1_000, overlap: 'skip', task: { type: 'nobody-does-it' } });
    const events = await eventually('a time is skipped', async () => {
      const found = await eventsOf('overlapping');
      return ofType(found, 'SCHEDULE.SKIPPED.SUCCESS').length > 0 && found;
    });
    await server.expect(200, 'DELETE', path('overlapping'));
    const fired = events.findIndex((e) => e.type === 'SCHEDULE.FIRED.SUCCESS');
    assert.equal(events[fired - 1].type, 'TASK.SUBMITTED.SUCCESS');
    assert.equal(events[fired - 1].position, events[fired].position - 1);
    assert.equal(events[fired - 1].data.id, events[fired].data.task);
    const skip = ofType(events, 'SCHEDULE.SKIPPED.SUCCESS')[0];
    assert.equal(skip.reason, 'overlap');
    assert.equal(skip.firstAt, events[fired].data.nextAt);
  });

  it('kill -9 between two times fires nothing twice and misses nothing', async () => {
    await set(201, 'crashing', { everyMs: 1_000, overlap: 'allow', misfire: 'all', misfireAfterMs: 1_000, task: { type: 'crashed' } });
    for (let round = 1; round <= 3; round++) {
      await eventually('it fired some more', async () => (await schedule('crashing')).fired >= 2 * round);
      await server.restart();
    }
    await server.expect(200, 'POST', `${path('crashing')}/pause`, {});
    const events = await eventsOf('crashing');
    let due = Date.parse(ofType(events, 'SCHEDULE.SET.SUCCESS')[0].nextAt);
    for (const { type, data } of events) {
      if (type === 'SCHEDULE.FIRED.SUCCESS') {
        assert.equal(Date.parse(data.dueAt), due);
        assert.equal((await taskOf(server, data.task)).runAt, data.dueAt);
        due += 1_000;
      } else if (type === 'SCHEDULE.SKIPPED.SUCCESS') {
        assert.equal(Date.parse(data.firstAt), due);
        due = Date.parse(data.lastAt) + 1_000;
      }
    }
    const fired = ofType(events, 'SCHEDULE.FIRED.SUCCESS').length;
    assert.ok(fired >= 6);
    assert.equal((await everyItem(server, '/api/v1/tasks?tag=schedule:crashing')).length, fired);
    assert.equal((await schedule('crashing')).state, 'paused');
    await server.expect(200, 'DELETE', path('crashing'));
  });

  it('pause, resume, run now and change', async () => {
    const body = { cron: '0 0 1 1 *', timeZone: 'Europe/Berlin', task: { type: 'yearly' } };
    const made = await set(201, 'yearly', body);
    assert.match(made.nextAt, /-12-31T23:00:00\.000Z$/);
    assert.equal((await set(200, 'yearly', body)).nextAt, made.nextAt);
    const paused = await server.expect(200, 'POST', `${path('yearly')}/pause`, {});
    assert.equal(paused.state, 'paused');
    assert.equal(paused.nextAt, undefined);
    const task = await server.expect(201, 'POST', `${path('yearly')}/run`, {});
    assert.deepEqual(task.tags, ['schedule:yearly']);
    await refused(server, 409, 'invalid_state', 'POST', `${path('yearly')}/run`, {});
    assert.equal((await server.expect(200, 'POST', `${path('yearly')}/resume`, {})).nextAt, made.nextAt);
    assert.equal((await set(200, 'yearly', { ...body, overlap: 'allow' })).overlap, 'allow');
    assert.equal((await eventsOf('yearly')).filter((e) => e.type === 'SCHEDULE.SET.SUCCESS').length, 2);
    await server.expect(201, 'POST', `${path('yearly')}/run`, {});
    const key = { headers: { 'Idempotency-Key': 'run-once' } };
    const once = await server.expect(201, 'POST', `${path('yearly')}/run`, {}, key);
    assert.equal((await server.expect(201, 'POST', `${path('yearly')}/run`, {}, key)).id, once.id);
    assert.equal((await schedule('yearly')).fired, 3);
    await server.restart();
    assert.equal((await schedule('yearly')).live, 3);
    const listed = await server.expect(200, 'GET', '/api/v1/schedules?limit=1');
    assert.equal(listed.items[0].name, 'yearly');
    await server.expect(200, 'DELETE', path('yearly'));
  });

  it('bad input names every field', async () => {
    const task = { type: 't' };
    const bad: [Json, string[]][] = [
      [{ cron: '0 0 30 2 *', task }, ['cron']],
      [{ cron: '61 * * * *', timeZone: 'Mars/Crater', task }, ['cron', 'timeZone']],
      [{ cron: '* * * * *', everyMs: 1_000, task }, ['cron']],
      [{ task }, ['cron']],
      [{ everyMs: 10, task }, ['everyMs']],
      [{ cron: '* * * * *', task: { type: 't', id: 'x', runAt: '2030-01-01T00:00:00Z', dependsOn: ['y'] } }, ['task.dependsOn', 'task.id', 'task.runAt']],
      [{ cron: '* * * * *', endAt: '2020-01-01T00:00:00Z', task }, ['endAt']],
      [{ cron: '* * * * *', overlap: 'maybe', misfire: 'perhaps', task }, ['misfire', 'overlap']],
      [{ cron: '* * * * *', task: { type: 't', tags: ['schedule:other'] } }, ['task.tags[0]']],
      [{ cron: '* * * * *' }, ['task']],
    ];
    for (const [body, fields] of bad) await refused(server, 400, 'invalid_request', 'PUT', path('bad'), body, fields);
    await refused(server, 413, 'too_large', 'PUT', path('bad'), { cron: '* * * * *', task: { type: 't', payload: 'x'.repeat(9_000) } }, ['task']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 't', tags: ['schedule:s'] }, ['tags[0]']);
    for (const verb of ['pause', 'resume', 'run']) await refused(server, 404, 'not_found', 'POST', `${path('bad')}/${verb}`, {});
    await refused(server, 404, 'not_found', 'DELETE', path('bad'));
  });

  it('every verb of the command line', async () => {
    const cli = async (...arguments_: string[]): Promise<string> => {
      const result = await server.cli(['schedule', ...arguments_]);
      assert.equal(result.status, 0, result.stderr);
      return result.stdout;
    };
    await cli('set', 'by-hand', '--cron', '30 2 * * *', '--time-zone', 'Europe/Berlin', '--type', 'shell', '--payload', '{"run":"true"}', '--timeout', '10m', '--tag', 'night', '--misfire-after', '5m');
    const made = await schedule('by-hand');
    assert.equal(made.task.timeoutMs, 600_000);
    assert.equal(made.misfireAfterMs, 300_000);
    assert.match(await cli('list'), /by-hand +active +30 2 \* \* \* +Europe\/Berlin +in /);
    assert.match(await cli('run', 'by-hand'), /shell +default +queued/);
    assert.match(await cli('show', 'by-hand'), /asked for/);
    assert.equal((await cli('next', 'by-hand', '--count', '4')).trim().split('\n').length, 5);
    assert.match(await cli('pause', 'by-hand'), /paused/);
    assert.match(await cli('resume', 'by-hand'), /active/);
    await cli('set', 'by-hand', '--every', '1h', '--task', '{"type":"t","priority":8}', '--overlap', 'queue', '--misfire', 'all');
    assert.equal((await schedule('by-hand')).task.priority, 8);
    assert.match(await cli('delete', 'by-hand'), /Deleted/);
    const gone = await server.cli(['schedule', 'show', 'by-hand']);
    assert.notEqual(gone.status, 0);
    assert.match(gone.stderr, /There is no schedule by-hand/);
    const untyped = await server.cli(['schedule', 'set', 'x', '--every', '1h']);
    assert.match(untyped.stderr, /--type TYPE/);
  });
});
