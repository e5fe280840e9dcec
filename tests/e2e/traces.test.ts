// W3C Trace Context in and out, and the spans that a collector gets of it (OTLP over HTTP with JSON).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Collector, attribute } from './support/collector';
import { Command } from './support/process';
import { Json, Server, eventually } from './support/server';

const PARENT = '00f067aa0ba902b7';
const traceparent = (trace: string, flags = '01'): Record<string, string> => ({ traceparent: `00-${trace}-${PARENT}-${flags}` });
const traceOf = (n: number): string => n.toString(16).padStart(32, 'a');

// A traceparent in its parts.
function parts(text: string): { trace: string; span: string; flags: string } {
  const found = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text);
  assert.ok(found, `no traceparent: ${text}`);
  return { trace: found[1]!, span: found[2]!, flags: found[3]! };
}

async function metric(server: Server, series: string): Promise<number> {
  const line = (await server.call('GET', '/metrics')).text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

// Submits, leases, and completes a task as an agent does that goes on in the trace it is given.
async function lifeOf(server: Server, id: string, headers: Record<string, string>): Promise<{ submitted: string; lease: Json; completed: string }> {
  const made = await server.call('POST', '/api/v1/tasks', { id, type: 'echo', queue: 'traced' }, { headers });
  assert.equal(made.status, 201, made.text);
  const { leases } = await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'w', queues: ['traced'] });
  assert.equal(leases.length, 1);
  const own: Record<string, string> = leases[0].traceparent === undefined ? {} : { traceparent: leases[0].traceparent };
  const done = await server.call('POST', `/api/v1/tasks/${id}/complete`, { lease: leases[0].lease, result: 1 }, { headers: own });
  assert.equal(done.status, 200, done.text);
  return { submitted: made.headers.traceresponse as string, lease: leases[0], completed: done.headers.traceresponse as string };
}

describe('traces without export', () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'w', capabilities: ['*'] });
  });
  after(() => server.stop());

  it('go on unchanged from the submit to the worker, and are in every event of the task, also after a restart', async () => {
    const headers = traceparent(traceOf(1));
    const life = await lifeOf(server, 'plain', headers);
    assert.equal(life.submitted, headers.traceparent);
    assert.equal(life.lease.traceparent, headers.traceparent);
    await server.restart();
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/plain')).traceparent, headers.traceparent);
    const history = await server.expect(200, 'GET', '/api/v1/tasks/plain/history');
    assert.ok(history.items.length >= 3);
    for (const event of history.items) assert.equal(event.metadata.traceparent, headers.traceparent, event.type);
  });

  it('begin anew when the header is none, and errors tell theirs too', async () => {
    for (const bad of ['00-x', `00-${'0'.repeat(32)}-${PARENT}-01`, `00-${'A'.repeat(32)}-${PARENT}-01`, `ff-${traceOf(2)}-${PARENT}-01`]) {
      const answer = await server.call('GET', '/api/v1/tasks/nowhere', undefined, { headers: { traceparent: bad } });
      assert.equal(answer.status, 404);
      const { trace, flags } = parts(answer.headers.traceresponse as string);
      assert.ok(!bad.includes(trace));
      assert.equal(flags, '00');
    }
    const refused = await server.call('GET', '/api/v1/tasks', undefined, { token: null, headers: traceparent(traceOf(3)) });
    assert.equal(refused.status, 401);
    assert.equal(parts(refused.headers.traceresponse as string).trace, traceOf(3));
  });

  it('are not there when nobody asks for them', async () => {
    const made = await server.call('POST', '/api/v1/tasks', { id: 'untraced', type: 'echo' });
    assert.equal(made.headers.traceresponse, undefined);
    assert.equal(made.body.traceparent, undefined);
    const history = await server.expect(200, 'GET', '/api/v1/tasks/untraced/history');
    assert.equal(history.items[0].metadata.traceparent, undefined);
  });
});

describe('traces with export', () => {
  let collector: Collector;
  let server: Server;
  before(async () => {
    collector = await Collector.start();
    server = await Server.start({
      flags: ['--telemetry-otlp-endpoint', collector.url, '--telemetry-service-name', 'arbiter-test'],
      env: { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret,x-other=2' },
    });
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'w', capabilities: ['*'], maxConcurrent: 50 });
  });
  after(async () => {
    await server.stop();
    collector.stop();
  });

  it('are one from submit to completion, each span below the right one', async () => {
    const trace = traceOf(10);
    const life = await lifeOf(server, 'whole', traceparent(trace));
    const submit = await collector.span(trace, 'tasks.submit');
    const whole = await collector.span(trace, 'task echo');
    const queued = await collector.span(trace, 'queued traced');
    const run = await collector.span(trace, 'run echo');
    const complete = await collector.span(trace, 'tasks.complete');
    assert.equal(submit.parentSpanId, PARENT);
    assert.equal(parts(life.submitted).span, submit.spanId);
    assert.equal(whole.parentSpanId, submit.spanId);
    assert.equal(queued.parentSpanId, whole.spanId);
    assert.equal(run.parentSpanId, whole.spanId);
    assert.equal(parts(life.lease.traceparent).span, run.spanId);
    assert.equal(complete.parentSpanId, run.spanId);
    assert.equal(parts(life.completed).span, complete.spanId);
    // The request that took the lease is in a trace of its own and says which attempt it began.
    const lease = await eventually('the span of the lease', async () => collector.spans().find((one) => one.name === 'tasks.lease' && one.links?.some((link: Json) => link.traceId === trace)));
    assert.notEqual(lease.traceId, trace);
    assert.deepEqual(lease.links, [{ traceId: trace, spanId: run.spanId }]);
    assert.equal(attribute(run, 'arbiter.task.outcome'), 'completed');
    assert.equal(attribute(run, 'arbiter.task.attempt'), '1');
    assert.equal(attribute(run, 'arbiter.worker'), 'w');
  });

  it('have exactly the shape of OTLP', async () => {
    const trace = traceOf(11);
    await lifeOf(server, 'shape', traceparent(trace));
    await collector.span(trace, 'task echo');
    const sent = collector.exports.find((one) => JSON.stringify(one.body).includes(trace))!;
    assert.equal(sent.path, '/v1/traces');
    assert.equal(sent.headers['content-type'], 'application/json');
    assert.equal(sent.headers['x-key'], 'secret');
    assert.equal(sent.headers['x-other'], '2');
    assert.equal(sent.headers.authorization, undefined);
    assert.deepEqual(Object.keys(sent.body), ['resourceSpans']);
    const [resource] = sent.body.resourceSpans;
    assert.deepEqual(resource.resource.attributes[0], { key: 'service.name', value: { stringValue: 'arbiter-test' } });
    assert.deepEqual(Object.keys(resource).sort(), ['resource', 'scopeSpans']);
    assert.deepEqual(Object.keys(resource.scopeSpans[0]).sort(), ['scope', 'spans']);
    const submit = await collector.span(trace, 'tasks.submit');
    const { startTimeUnixNano: start, endTimeUnixNano: end, spanId, ...rest } = submit;
    assert.match(start, /^[0-9]{19}$/);
    assert.match(end, /^[0-9]{19}$/);
    assert.ok(BigInt(end) >= BigInt(start));
    assert.ok(Math.abs(Number(BigInt(end) / 1_000_000n) - Date.now()) < 60_000);
    assert.match(spanId, /^[0-9a-f]{16}$/);
    const requestId = attribute(submit, 'arbiter.request.id');
    assert.deepEqual(rest, {
      traceId: trace,
      parentSpanId: PARENT,
      name: 'tasks.submit',
      kind: 2,
      attributes: [
        { key: 'http.request.method', value: { stringValue: 'POST' } },
        { key: 'http.route', value: { stringValue: '/api/v1/tasks' } },
        { key: 'http.response.status_code', value: { intValue: '201' } },
        { key: 'arbiter.request.id', value: { stringValue: requestId } },
        { key: 'arbiter.namespace', value: { stringValue: 'default' } },
        { key: 'arbiter.actor', value: { stringValue: 'admin' } },
      ],
      status: {},
    });
    const run = await collector.span(trace, 'run echo');
    assert.equal(run.kind, 5);
    assert.deepEqual(run.status, { code: 1 });
    for (const one of collector.spans()) {
      assert.match(one.traceId, /^[0-9a-f]{32}$/);
      assert.match(one.spanId, /^[0-9a-f]{16}$/);
      assert.equal(typeof one.kind, 'number');
    }
  });

  it('show attempts that failed, with the reason', async () => {
    const trace = traceOf(12);
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'fails', type: 'echo', queue: 'traced' }, { headers: traceparent(trace) });
    const { leases } = await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'w', queues: ['traced'] });
    const reports = [{ taskId: 'fails', lease: leases[0].lease, outcome: 'failed', error: { message: 'no compiler' }, retryable: false, traceparent: leases[0].traceparent }];
    await server.expect(200, 'POST', '/api/v1/tasks/report', { workerId: 'w', reports });
    const run = await collector.span(trace, 'run echo');
    assert.deepEqual(run.status, { message: 'no compiler', code: 2 });
    const report = await eventually('the span of the report', async () => collector.spans().find((one) => one.name === 'tasks.report'));
    assert.deepEqual(report.links, [{ traceId: trace, spanId: run.spanId }]);
  });

  it('follow what a caller with a token says of sampling', async () => {
    const life = await lifeOf(server, 'unsampled', traceparent(traceOf(13), '00'));
    // Nobody is told of our span, so what comes after refers to the caller's.
    assert.equal(life.submitted, traceparent(traceOf(13), '00').traceparent);
    assert.equal(life.lease.traceparent, life.submitted);
    await lifeOf(server, 'after', traceparent(traceOf(14)));
    await collector.span(traceOf(14), 'task echo');
    assert.deepEqual(collector.spans().filter((one) => one.traceId === traceOf(13)), []);
  });

  it('reach the program of a task and come back from it', async () => {
    const trace = traceOf(15);
    const worker = Command.against(server, ['worker', 'run', '--shell', '--name', 'sh', '--queue', 'sh']);
    const run = `"$ARBITER" task submit echo --id from-program --queue traced >&2; echo "$TRACEPARENT"`;
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'outer', type: 'shell', queue: 'sh', payload: { run, env: { ARBITER: process.env.ARBITER_BINARY ?? `${__dirname}/../../../build/dev/arbiter` } } }, { headers: traceparent(trace) });
    const outer = await server.expect(200, 'GET', '/api/v1/tasks/outer?waitMs=20000');
    assert.equal(outer.state, 'completed', JSON.stringify(outer));
    const attempt = await collector.span(trace, 'run shell');
    assert.equal(outer.result, `00-${trace}-${attempt.spanId}-01`);
    const inner = await eventually('the submit of the program', async () => collector.spans().find((one) => one.name === 'tasks.submit' && one.parentSpanId === attempt.spanId));
    assert.equal(inner.traceId, trace);
    const report = await eventually('the report of the worker', async () => collector.spans().find((one) => one.name === 'tasks.report' && one.parentSpanId === attempt.spanId));
    assert.equal(report.traceId, trace);
    await worker.end('SIGTERM');
  });
});

describe('sampling', () => {
  it('is ours to decide when callers are unknown', async () => {
    const collector = await Collector.start();
    const server = await Server.start({ flags: ['--insecure-no-auth', '--telemetry-sample-ratio', '0'], env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
    const answer = await server.call('POST', '/api/v1/tasks', { type: 'echo' }, { token: null, headers: traceparent(traceOf(20)) });
    assert.equal(answer.headers.traceresponse, `00-${traceOf(20)}-${PARENT}-00`);
    assert.equal(await server.terminate(), 0);
    assert.deepEqual(collector.exports, []);
    await server.stop();
    collector.stop();
  });
});

describe('a collector', () => {
  it('that cannot answer for a moment gets the same spans again, and what it refuses is counted', async () => {
    const collector = await Collector.start();
    const server = await Server.start({ flags: ['--telemetry-otlp-endpoint', collector.url] });
    collector.answer({ status: 503, headers: { 'Retry-After': '1' } }, { status: 200 });
    await server.expect(201, 'POST', '/api/v1/tasks', { type: 'echo' }, { headers: traceparent(traceOf(30)) });
    await collector.span(traceOf(30), 'tasks.submit');
    assert.deepEqual(collector.exports.map((one) => one.status), [503, 200]);
    assert.deepEqual(collector.exports[0]!.body, collector.exports[1]!.body);
    await eventually('it is counted', async () => (await metric(server, 'arbiter_spans_exported_total')) === 1);

    collector.answer({ status: 400 });
    await server.expect(201, 'POST', '/api/v1/tasks', { type: 'echo' }, { headers: traceparent(traceOf(31)) });
    await eventually('it is dropped', async () => (await metric(server, 'arbiter_spans_dropped_total{reason="undelivered"}')) === 1);
    assert.equal(collector.exports.length, 3);

    collector.answer({ status: 200, body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}}' });
    await server.expect(201, 'POST', '/api/v1/tasks', { type: 'echo' }, { headers: traceparent(traceOf(32)) });
    await eventually('it is rejected', async () => (await metric(server, 'arbiter_spans_dropped_total{reason="rejected"}')) === 1);
    await server.stop();
    collector.stop();
  });

  it('that hangs holds nothing up; what its queue cannot hold is counted', async () => {
    const collector = await Collector.start();
    collector.hangs = true;
    const server = await Server.start({ flags: ['--telemetry-otlp-endpoint', collector.url] });
    const tasks = Array.from({ length: 1_000 }, () => ({ type: 'echo', queue: 'many' }));
    for (let i = 0; i < 6; ++i) await server.expect(201, 'POST', '/api/v1/tasks/batch', { tasks }, { headers: traceparent(traceOf(40)) });
    await server.expect(202, 'POST', '/api/v1/tasks/bulk', { action: 'cancel', filter: { queue: 'many' } });
    // Each task tells that it was queued, and its whole life.
    await eventually('the queue is full', async () => (await metric(server, 'arbiter_spans_dropped_total{reason="queueFull"}')) > 0);
    assert.ok((await metric(server, 'arbiter_spans_queued')) <= 8_192);
    const began = Date.now();
    await server.expect(201, 'POST', '/api/v1/tasks', { type: 'echo' }, { headers: traceparent(traceOf(41)) });
    assert.ok(Date.now() - began < 5_000);
    assert.equal(await server.terminate(), 0);
    await server.stop();
    collector.stop();
  });
});
