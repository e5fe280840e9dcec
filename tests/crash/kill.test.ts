// Random `kill -9` of the server and of workers under load; then everything that was acknowledged is there, and every
// task ended exactly once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ENDED, eventsAfter, sleep, taskOf } from '../e2e/support/api';
import { Command } from '../e2e/support/process';
import { Json, Server, eventually } from '../e2e/support/server';
import { Ledger, Random, RawWorker, submitter } from './clients';

const SECONDS = Number(process.env.CRASH_SECONDS ?? '60');
const SEED = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ENDS = new Set(['TASK.COMPLETED.SUCCESS', 'TASK.FAILED.PERMANENT', 'TASK.CANCELLED.SUCCESS']);

// What the log says of each task.
interface Life {
  submits: number;
  ends: Json[];
  leases: string[]; // in order
}

function livesOf(events: Json[]): Map<string, Life> {
  const lives = new Map<string, Life>();
  const life = (id: string): Life => {
    if (!lives.has(id)) lives.set(id, { submits: 0, ends: [], leases: [] });
    return lives.get(id)!;
  };
  for (const { type, data } of events) {
    if (!type.startsWith('TASK.')) continue;
    if (type === 'TASK.SUBMITTED.SUCCESS') life(data.id).submits++;
    if (type === 'TASK.ASSIGNED.SUCCESS') life(data.id).leases.push(String(data.lease));
    if (ENDS.has(type)) life(data.id).ends.push({ type, lease: String(data.lease) });
  }
  return lives;
}

// Every due time between the first and the last was fired once or skipped once, and each run is a task of its own.
function checkSchedule(name: string, everyMs: number, events: Json[], lives: Map<string, Life>): number {
  const seen = new Map<number, number>();
  let fired = 0;
  const note = (at: number): void => void seen.set(at, (seen.get(at) ?? 0) + 1);
  for (const { type, data } of events) {
    if (data.name !== name) continue;
    if (type === 'SCHEDULE.FIRED.SUCCESS') {
      fired++;
      note(Date.parse(data.dueAt));
      assert.equal(lives.get(data.task)?.submits, 1, `run ${data.task} of ${name}`);
    }
    if (type === 'SCHEDULE.SKIPPED.SUCCESS') {
      for (let at = Date.parse(data.firstAt); at <= Date.parse(data.lastAt); at += everyMs) note(at);
    }
  }
  const times = [...seen.keys()].sort((a, b) => a - b);
  times.forEach((at, i) => assert.equal(at, times[0]! + i * everyMs, `${name} missed a time before ${new Date(at).toISOString()}`));
  for (const [at, count] of seen) assert.equal(count, 1, `${name} acted ${count} times on ${new Date(at).toISOString()}`);
  return fired;
}

const SCHEDULES = [
  { name: 'each-second', everyMs: 1_000, overlap: 'allow', misfire: 'all' },
  { name: 'once-for-all', everyMs: 1_000, overlap: 'allow', misfire: 'once' },
  { name: 'one-by-one', everyMs: 2_000, overlap: 'skip', misfire: 'skip' },
];

describe('crash', () => {
  it(`loses nothing in ${SECONDS} s of kill -9 (CRASH_SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    const ledger = new Ledger();
    // Half of the runs keep no ended task in memory, so that whatever names one is looked up in the store.
    const flags = random.below(2) === 0 ? ['--limits-ended-in-memory-max', '0', '--limits-ended-in-memory-ms', '0'] : [];
    const server = await Server.start({ flags });
    for (const { name, ...schedule } of SCHEDULES) {
      await server.expect(201, 'PUT', `/api/v1/schedules/${name}`, { ...schedule, misfireAfterMs: 1_000, task: { type: 'raw' } });
    }
    const until = Date.now() + SECONDS * 1_000;
    let chaos = true; // clients submit, things are killed
    let working = true; // workers work
    let ended = 0;
    let serverKills = 0;
    let workerKills = 0;

    const program = (n: number): Command =>
      Command.against(server, ['worker', 'run', '--name', `program-${n}`, '--capability', 'program', '-j', '4', '--lease', '3s', '--connect', '60s', '--exec', 'cat']);
    const programs = [program(0), program(1)];
    const marks = [...programs];
    const clients = [0, 1, 2, 3].map((n) => submitter(`c${n}`, server, ledger, random.fork(), () => !chaos, () => ended));
    const workers = [0, 1, 2, 3].map((n) => new RawWorker(`raw-${n}`, server, ledger, random.fork(), () => !working, () => !chaos).run());
    const counting = (async () => {
      for (let position = 0; working; await sleep(300)) {
        const answer = await server.call('GET', `/api/v1/events?after=${position}&limit=1000&types=${[...ENDS]}`).catch(() => undefined);
        const page: Json[] = answer?.status === 200 ? answer.body.items : [];
        ended += page.length;
        if (page.length > 0) position = page.at(-1).position;
      }
    })();

    while (Date.now() < until) {
      await sleep(300 + random.below(2_500));
      if (random.below(3) === 0) {
        const n = random.below(programs.length);
        await programs[n]!.end('SIGKILL');
        workerKills++;
        if (random.below(2) === 0) await sleep(random.below(4_000));
        programs[n] = program(n);
        marks.push(programs[n]!);
      } else {
        await server.kill();
        serverKills++;
        if (random.below(3) === 0) await sleep(random.below(1_500));
        await server.start();
      }
    }
    chaos = false;
    await Promise.all(clients);
    await server.restart();
    for (const { name } of SCHEDULES) await server.expect(200, 'DELETE', `/api/v1/schedules/${name}`);

    // Whatever is left is done by the workers that still live.
    await eventually('all work is done', async () => {
      const queue = await server.expect(200, 'GET', '/api/v1/queues/default');
      return Object.values<number>(queue.depth).every((depth) => depth === 0);
    }, 120_000).catch(async (error) => {
      const left = (await server.expect(200, 'GET', '/api/v1/tasks?state=pending,queued,assigned,running&limit=5')).items;
      throw new Error(`${error.message}; left: ${JSON.stringify(left, null, 1)}`);
    });
    working = false;
    await Promise.all([...workers, counting]);
    for (const one of programs) assert.equal(await one.end('SIGTERM'), 0, one.stderr);
    await server.restart();

    const events = await eventsAfter(server);
    const lives = livesOf(events);
    const kinds = Object.fromEntries([...ENDS].map((type) => [type, events.filter((e) => e.type === type).length]));
    console.log(JSON.stringify({
      seed: SEED, seconds: SECONDS, flags, serverKills, workerKills, acknowledged: ledger.submitted.size, tasks: lives.size, events: events.length, ...kinds,
      lostAnswersRepeated: ledger.repeated, refusals: Object.fromEntries(ledger.refusals),
    }));
    assert.deepEqual(ledger.wrong, []);
    assert.ok(serverKills > 0 && ledger.submitted.size > 0 && ledger.completed.size > 0);
    events.forEach((event, i) => assert.equal(event.position, i + 1, 'positions are dense'));
    for (const id of ledger.submitted.keys()) assert.equal(lives.get(id)?.submits, 1, `${id} was acknowledged; the log has it ${lives.get(id)?.submits ?? 0} times`);
    const runs = SCHEDULES.map(({ name, everyMs }) => checkSchedule(name, everyMs, events, lives));
    console.log(JSON.stringify({ scheduled: Object.fromEntries(SCHEDULES.map(({ name }, i) => [name, runs[i]])) }));
    assert.ok(runs.every((count) => count > 0), `${runs}`);
    // Besides those there may be the last submits, whose answers nobody waited for.
    const others = lives.size - ledger.submitted.size - runs.reduce((sum, count) => sum + count, 0);
    assert.ok(others >= 0 && others <= 4 * 30, `${lives.size} tasks, ${ledger.submitted.size} acknowledged, ${runs} scheduled`);
    const numbers = new Set<string>();
    for (const [id, life] of lives) {
      assert.equal(life.submits, 1, `${id} was submitted ${life.submits} times`);
      assert.equal(life.ends.length, 1, `${id} ended ${life.ends.length} times: ${JSON.stringify(life.ends)}`);
      for (const lease of life.leases) {
        assert.ok(!numbers.has(lease), `lease ${lease} was given twice`);
        numbers.add(lease);
      }
      if (life.ends[0].type === 'TASK.COMPLETED.SUCCESS') assert.equal(life.ends[0].lease, life.leases.at(-1), `${id} was completed under an old lease`);
    }
    for (const [id, { lease }] of ledger.completed) {
      assert.deepEqual(lives.get(id)!.ends[0], { type: 'TASK.COMPLETED.SUCCESS', lease }, `${id} was acknowledged as completed`);
    }
    const every = Math.max(1, Math.floor(ledger.completed.size / 200));
    for (const [id, { result }] of [...ledger.completed].filter((_, i) => i % every === 0)) {
      const task = await taskOf(server, id);
      assert.ok(ENDED.includes(task.state));
      assert.deepEqual(task.result, result, id);
    }
    for (const one of marks) await one.gone();
    await server.stop();
  });
});
