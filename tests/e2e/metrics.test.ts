// What /metrics says: right in form by Prometheus' own tool, true of what happened, and bounded.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { Server, eventually } from './support/server';

const metricsOf = async (server: Server): Promise<string> => (await server.call('GET', '/metrics')).text;

// The value of one series, named as it is written.
function value(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

function promtool(text: string): { status: number | null; output: string } {
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (checked.error) throw checked.error;
  return { status: checked.status, output: checked.stdout + checked.stderr };
}

describe('metrics', () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'w', capabilities: ['*'], maxConcurrent: 10 });
  });
  after(() => server.stop());

  const lease = async () => (await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'w', max: 10, waitMs: 5_000 })).leases;

  it('count tasks by queue and state, retries, failures and lost leases, and are clean by promtool', async () => {
    const tasks = ['done', 'dead', 'again', 'left'].map((id) => ({ id, type: 'x', queue: 'q', retry: { backoffMs: 60_000 } }));
    await server.expect(201, 'POST', '/api/v1/tasks/batch', { tasks });
    const leases = await lease();
    const of = (id: string) => leases.find((l: { task: { id: string } }) => l.task.id === id).lease;
    await server.expect(200, 'POST', '/api/v1/tasks/done/complete', { lease: of('done') });
    await server.expect(200, 'POST', '/api/v1/tasks/dead/fail', { lease: of('dead'), error: { message: 'no' }, retryable: false });
    await server.expect(200, 'POST', '/api/v1/tasks/again/fail', { lease: of('again'), error: { message: 'no' } });
    await server.expect(200, 'POST', '/api/v1/tasks/left/release', { lease: of('left') });
    const text = await metricsOf(server);
    const q = 'namespace="default",queue="q"';
    assert.deepEqual(
      Object.fromEntries(
        ['submitted', 'leased', 'completed', 'failed', 'retried', 'released', 'cancelled'].map((what) => [what, value(text, `arbiter_tasks_${what}_total{${q}}`)]),
      ),
      { submitted: 4, leased: 4, completed: 1, failed: 1, retried: 1, released: 1, cancelled: 0 },
    );
    assert.equal(value(text, `arbiter_tasks{${q},state="queued"}`), 1);
    assert.equal(value(text, `arbiter_tasks{${q},state="pending"}`), 1);
    assert.equal(value(text, `arbiter_task_wait_seconds_count{${q}}`), 4);
    assert.equal(value(text, `arbiter_task_run_seconds_count{${q}}`), 1);
    assert.equal(value(text, 'arbiter_workers{namespace="default",state="live"}'), 1);
    assert.equal(value(text, 'arbiter_worker_slots{namespace="default"}'), 10);
    assert.ok(value(text, 'arbiter_commit_duration_seconds_count{namespace="default"}')! >= 4);
    assert.ok(value(text, 'arbiter_commit_events_sum{namespace="default"}')! >= 10);
    assert.ok(value(text, 'arbiter_store_sync_duration_seconds_count{file="log"}')! >= 4, 'commits are synced');
    assert.ok(value(text, 'arbiter_store_sync_duration_seconds_sum{file="log"}')! > 0);
    assert.ok(value(text, 'arbiter_strand_lag_seconds_count{namespace="default"}')! >= 1);
    assert.ok(value(text, 'arbiter_store_bytes{namespace="default"}')! > 4_096);
    assert.ok(value(text, 'process_resident_memory_bytes')! > 1_000_000);
    const checked = promtool(text);
    assert.equal(checked.output, '');
    assert.equal(checked.status, 0);
  });

  it('show that promtool would complain', () => {
    assert.notEqual(promtool('# TYPE x_milliseconds counter\nx_milliseconds 1\n').output, '');
  });

  it('count leases by why they were lost', async () => {
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'slow', type: 'x', queue: 'slow', timeoutMs: 50 });
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'silent', capabilities: ['*'], queues: ['slow'] });
    await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'silent', waitMs: 5_000 });
    // An attempt that timed out is retried: the task comes back to whoever waits for it.
    const again = await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'w', queues: ['slow'], waitMs: 20_000 });
    assert.equal(again.leases.length, 1);
    assert.equal(value(await metricsOf(server), 'arbiter_leases_lost_total{namespace="default",queue="slow",reason="timeout"}'), 1);
    assert.equal(value(await metricsOf(server), 'arbiter_leases_lost_total{namespace="default",queue="slow",reason="expired"}'), 0);
  });

  it('have no more than 200 queues by name, and sum the rest', async () => {
    const tasks = Array.from({ length: 300 }, (_, i) => ({ type: 'x', queue: `many-${i}` }));
    await server.expect(201, 'POST', '/api/v1/tasks/batch', { tasks });
    const text = await metricsOf(server);
    const submitted = text.split('\n').filter((line) => line.startsWith('arbiter_tasks_submitted_total{'));
    assert.equal(submitted.length, 201);
    const all = submitted.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
    assert.ok(all >= 300 + 5, 'nothing is lost in the sum');
    const other = value(text, 'arbiter_tasks_submitted_total{namespace="default",queue="other"}')!;
    assert.ok(other >= 100);
    // Names that were given stay.
    assert.equal(value(text, 'arbiter_tasks_submitted_total{namespace="default",queue="q"}'), 4);
    await server.expect(201, 'POST', '/api/v1/tasks', { type: 'x', queue: 'a-new-one' });
    assert.equal(value(await metricsOf(server), 'arbiter_tasks_submitted_total{namespace="default",queue="other"}'), other + 1);
  });

  it('tell of subscribers', async () => {
    assert.equal(value(await metricsOf(server), 'arbiter_subscriptions_open'), 0);
    assert.equal(value(await metricsOf(server), 'arbiter_subscriptions_lagged_total'), 0);
  });
});

describe('the history of metrics', () => {
  let server: Server;
  before(async () => {
    server = await Server.start({ flags: ['--metrics-sample-interval-ms', '50'] });
    await server.expect(201, 'POST', '/api/v1/tasks/batch', { tasks: Array.from({ length: 5 }, () => ({ type: 'x', queue: 'q' })) });
  });
  after(() => server.stop());

  const history = async (query = '') => server.expect(200, 'GET', `/api/v1/metrics/history${query}`);
  const series = (answer: { series: { name: string; queue?: string; values: (number | null)[] }[] }, name: string, queue?: string) =>
    answer.series.find((one) => one.name === name && one.queue === queue)?.values;

  it('has series of the server, the namespace and its queues, with one value for each time', async () => {
    const answer = await eventually('the queue is in a sample', async () => {
      const seen = await history();
      return series(seen, 'queued', 'q')?.at(-1) === 5 ? seen : undefined;
    });
    assert.equal(answer.intervalMs, 50);
    assert.equal(series(answer, 'liveTasks')!.at(-1), 5);
    assert.ok(series(answer, 'residentBytes')!.at(-1)! > 1_000_000);
    assert.equal(answer.truncated, false);
    for (const one of answer.series) assert.equal(one.values.length, answer.times.length, one.name);
    const times = answer.times.map((time: string) => Date.parse(time));
    assert.deepEqual(times, [...times].sort((a, b) => a - b));
    assert.equal(series(answer, 'queued', 'none'), undefined);
  });

  it('shows rates as they were', async () => {
    // The first sample has nothing to compare with: what was submitted before it is in no rate.
    await eventually('there is a sample', async () => (await history()).times.length > 1);
    await server.expect(201, 'POST', '/api/v1/tasks', { type: 'x', queue: 'q' });
    await eventually('the submit is in a rate', async () => {
      const rates = series(await history('?names=submittedPerSecond&queue=q'), 'submittedPerSecond', 'q');
      return rates?.some((rate) => rate !== null && rate > 0);
    });
  });

  it('chooses by name and queue, reaches back as far as asked, and gathers into steps', async () => {
    const chosen = await history('?names=queued,liveTasks');
    assert.deepEqual([...new Set(chosen.series.map((one: { name: string }) => one.name))].sort(), ['liveTasks', 'queued']);
    const ofQueue = await history('?queue=q');
    assert.ok(ofQueue.series.every((one: { queue?: string }) => one.queue === 'q'));
    await eventually('there are enough', async () => (await history()).times.length > 20);
    const stepped = await history('?stepMs=500');
    assert.ok(stepped.times.length < (await history()).times.length / 2);
    const other = await server.call('GET', '/api/v1/metrics/history?names=queued', undefined, { headers: { 'Arbiter-Namespace': 'elsewhere' } });
    assert.deepEqual(other.body.series, []);
    const bad = await server.expect(400, 'GET', '/api/v1/metrics/history?names=queued,nonsense&sinceMs=0');
    assert.ok(bad.errors.some((error: { field: string }) => error.field === 'sinceMs'));
    const unknown = await server.expect(400, 'GET', '/api/v1/metrics/history?names=queued,nonsense');
    assert.deepEqual(unknown.errors.map((error: { field: string }) => error.field), ['names[1]']);
  });

  it('is shown as a table, and begins anew with the process', async () => {
    const table = await server.cli(['metrics', 'history', 'queued', '--queue', 'q']);
    assert.equal(table.status, 0, table.stderr);
    assert.match(table.stdout, /SERIES +QUEUE +NOW +LEAST +MEAN +MOST +COURSE/);
    assert.match(table.stdout, /queued +q +6 +5 +/);
    const before = (await history()).times[0];
    await server.restart();
    const after = await history();
    assert.ok(after.times.length === 0 || after.times[0] > before);
  });
});
