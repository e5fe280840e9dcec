// Whatever comes in, the answer is a problem document that says what is wrong, and the server goes on.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { problem, refused, submit, worker } from './support/api';
import { CallOptions, Json, Server } from './support/server';
import { RawAnswer, exchange, parseAnswer } from './support/socket';

let server: Server;
let pid: number;
before(async () => {
  server = await Server.start();
  pid = server.pid;
  await worker(server, 'w');
});
after(() => server.stop());

// The same process still takes and gives.
let probe = 0;
afterEach(async () => {
  assert.equal(server.pid, pid);
  process.kill(pid, 0);
  const id = `probe-${++probe}`;
  await submit(server, { id, type: 'probe' });
  assert.equal((await server.expect(200, 'GET', `/api/v1/tasks/${id}`)).state, 'queued');
});

const raw: CallOptions = { raw: true };
const bad = (body: string | Buffer, fields: string[] = [], path = '/api/v1/tasks'): Promise<Json> =>
  refused(server, 400, 'invalid_request', 'POST', path, body, fields, raw);

describe('bodies', () => {
  it('that are not JSON', async () => {
    for (const text of ['', '{', '{"type":', '{"type":"a"', '{"type":"a"}}', '{"type":"a"} x', "{'type':'a'}", '{"type":"a",}', '{"type":"a" "id":"b"}', 'nul', '[1,', '"', '{"type":01}', '{"type":"\\x"}', '{"type":"\n"}', '\u0000', '\ufeff{"type":"a"}', 'NaN', '{"type":"\\ud800"}']) {
      const body = await bad(text);
      assert.ok(body.detail.length > 0);
    }
  });

  it('that are JSON of the wrong kind', async () => {
    for (const text of ['null', 'true', '7', '"task"', '[]', '[{"type":"a"}]']) await bad(text);
  });

  it('that are deep or full of brackets', async () => {
    for (const depth of [1_000, 100_000, 900_000]) {
      await bad('['.repeat(depth));
      await bad(`{"type":"a","payload":${'['.repeat(depth)}${']'.repeat(depth)}}`);
      await bad('{"a":'.repeat(Math.min(depth, 150_000)));
    }
    await submit(server, { type: 'deep', payload: JSON.parse('['.repeat(20) + ']'.repeat(20)) });
  });

  it('that are not UTF-8', async () => {
    for (const bytes of [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
      for (const [head, tail] of [['{"type":"a', '"}'], ['{"type":"a","payload":"', '"}'], ['{"type":"a","payload":{"', '":1}}'], ['{"', '":1,"type":"a"}'], ['{"type":"a"', '}']]) {
        await bad(Buffer.concat([Buffer.from(head!), Buffer.from(bytes), Buffer.from(tail!)]));
      }
    }
  });

  it('that name a field twice', async () => {
    await bad('{"type":"a","type":"b"}', ['type']);
    await bad('{"type":"a","retry":{"maxAttempts":1,"maxAttempts":2}}', ['retry.maxAttempts']);
  });

  it('that name unknown fields', async () => {
    await bad('{"type":"a","Type":"b","payloads":1,"retry":{"max":1},"requirements":{"x":[]}}', ['Type', 'payloads', 'retry.max', 'requirements.x']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/workers', { name: 'w', capabilties: ['a'] }, ['capabilties']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/x/complete', { lease: '1', id: 'y' });
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, i]));
    const body = await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'a', ...wide });
    assert.ok(body.errors.length >= 10 && body.errors.length <= 1_000, `${body.errors.length} errors`);
  });

  it('with values of the wrong type', async () => {
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', {
      id: 1, type: {}, queue: [], priority: {}, dependsOn: {}, onDependencyFailure: 1, runAt: 5, delayMs: '5', timeoutMs: true, stallMs: [], deadline: {},
      retry: 'often', requirements: [], tags: 'a', parentId: 9,
    }, ['id', 'type', 'queue', 'priority', 'dependsOn', 'onDependencyFailure', 'runAt', 'delayMs', 'timeoutMs', 'stallMs', 'deadline', 'retry', 'requirements', 'tags', 'parentId']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'a', metadata: 'm' }, ['metadata']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'a', dependsOn: [1, 'ok', null], tags: [{}], requirements: { capabilities: [1], labels: { a: [] } } },
      ['dependsOn[0]', 'dependsOn[2]', 'tags[0]', 'requirements.capabilities[0]', 'requirements.labels.a']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/lease', { workerId: 'w', max: 'all', start: 'no', types: 'a' }, ['max', 'start', 'types']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/batch', { tasks: [{ type: 'a' }, 7, { type: 1 }] }, ['tasks[1]', 'tasks[2].type']);
  });

  it('with numbers that are negative, huge or broken', async () => {
    for (const number of ['-1', '-0.5', '1.5', '1e309', '-1e309', '9223372036854775808', '18446744073709551616', '1e30', '-9223372036854775809']) {
      await bad(`{"type":"a","timeoutMs":${number}}`, ['timeoutMs']).catch(async (error) => {
        // A number that no double holds may be refused as JSON.
        if (!number.includes('e309')) throw error;
        await bad(`{"type":"a","timeoutMs":${number}}`);
      });
    }
    await bad('{"type":"a","retry":{"multiplier":0.5,"jitter":-1,"backoffMs":-1,"maxAttempts":1e3}}', ['retry.multiplier', 'retry.jitter', 'retry.backoffMs', 'retry.maxAttempts']);
    await bad('{"workerId":"w","leaseMs":-1,"waitMs":1e18,"max":0}', ['leaseMs', 'waitMs', 'max'], '/api/v1/tasks/lease');
    await bad('{"name":"n","maxConcurrent":-3}', ['maxConcurrent'], '/api/v1/workers');
    for (const time of ['"yesterday"', '"2026-13-01T00:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-01-01"', '"99999-01-01T00:00:00Z"', '""', '"2026-01-01T25:00:00Z"']) {
      await bad(`{"type":"a","runAt":${time}}`, ['runAt']);
    }
  });

  it('of another type than JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x']) {
      await refused(server, 415, 'unsupported_media_type', 'POST', '/api/v1/tasks', '{"type":"a"}', [], { raw: true, headers: { 'Content-Type': type } });
    }
    await server.expect(201, 'POST', '/api/v1/tasks', '{"type":"a"}', { raw: true, headers: { 'Content-Type': 'Application/JSON; charset=UTF-8' } });
  });

  it('over a limit', async () => {
    const mebibyte = 'x'.repeat(1024 * 1024);
    await refused(server, 413, 'too_large', 'POST', '/api/v1/tasks', { type: 'a', payload: mebibyte }, ['payload']);
    const batch = { tasks: Array.from({ length: 18 }, () => ({ type: 'a', payload: mebibyte.slice(10) })) };
    await refused(server, 413, 'too_large', 'POST', '/api/v1/tasks/batch', batch);
    const huge = Buffer.alloc(64 * 1024 * 1024, 0x20);
    const answer = await server.call('POST', '/api/v1/tasks', huge, raw).catch(() => undefined);
    if (answer !== undefined) problem(answer, 413, 'too_large'); // Or the connection was closed under us.
    const said = parseAnswer(await exchange(server, head('POST', '/api/v1/tasks', ['Content-Type: application/json', 'Content-Length: 99999999999'])));
    assertProblem(said, 413, 'too_large');
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks', { type: 'a', tags: Array.from({ length: 33 }, (_, i) => `t${i}`) }, ['tags']);
    const answered = await server.call('POST', '/api/v1/tasks', { type: 'a', metadata: { a: 'x'.repeat(20_000) } });
    assert.ok([400, 413].includes(answered.status), answered.text.slice(0, 300));
  });
});

describe('paths, verbs and parameters', () => {
  it('that do not exist', async () => {
    for (const path of ['/index', '/assets/nothing.js', '/api', '/api/v1', '/api/v1/nothing', '/api/v2/tasks', '/api/v1/tasks/x/explode', '/api/v1/tasks/', '/API/v1/tasks', '/api/v1/tasks/a/b/c', '/%00', '/api/v1/tasks/%2e%2e', '/api/v1//tasks', '/..%2f..%2fetc/passwd']) {
      const answer = await server.call('GET', path);
      assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status} ${answer.text}`);
      problem(answer, answer.status, answer.status === 404 ? 'not_found' : 'invalid_request');
    }
  });

  it('wrong verbs, with Allow', async () => {
    const allowed: Json = { '/api/v1/tasks': ['GET', 'POST'], '/api/v1/tasks/lease': ['POST'], '/api/v1/tasks/x': ['GET'], '/api/v1/events': ['GET'], '/livez': ['GET'], '/api/v1/tasks/x/complete': ['POST'] };
    for (const [path, verbs] of Object.entries(allowed)) {
      for (const verb of ['DELETE', 'PUT', 'PATCH', 'POST', 'GET', 'FOO']) {
        if ((verbs as string[]).includes(verb)) continue;
        if (path === '/api/v1/tasks/lease' && verb === 'GET') continue; // A task may have that id.
        const answer = parseAnswer(await exchange(server, head(verb, path, ['Content-Length: 0']), { until: /\r\n\r\n.*}/s }));
        if (answer.status === 404 || answer.status === 400) continue; // Also /api/v1/tasks/{id} with a verb of its own.
        assertProblem(answer, 405, 'method_not_allowed');
        for (const allow of verbs as string[]) assert.ok(answer.headers['allow']?.includes(allow), `${verb} ${path}: Allow is ${answer.headers['allow']}`);
      }
    }
    await refused(server, 405, 'method_not_allowed', 'DELETE', '/api/v1/tasks');
    await refused(server, 405, 'method_not_allowed', 'PUT', '/api/v1/events');
  });

  it('bad query parameters, all by name', async () => {
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/tasks?limit=0&state=sleeping&queue=a%20b', undefined, ['limit', 'state[0]', 'queue']);
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/tasks?color=red&shape=round', undefined, ['color', 'shape']);
    for (const text of ['limit=-1', 'limit=1001', 'limit=ten', 'limit=1.5', 'limit=', 'limit=9999999999999999999999', 'limit=1&limit=2']) {
      await refused(server, 400, 'invalid_request', 'GET', `/api/v1/tasks?${text}`, undefined, ['limit']);
    }
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/tasks?cursor=nonsense', undefined, ['cursor']);
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/tasks/probe-1?waitMs=soon', undefined, ['waitMs']);
    await refused(server, 400, 'invalid_request', 'GET', '/api/v1/tasks/probe-1?unknown=1', undefined, ['unknown']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks?type=a', { type: 'a' }, ['type']);
    for (const text of ['%', '%zz', 'limit=%00', 'a=%ff', '&&&=']) {
      const answer = await server.call('GET', `/api/v1/tasks?${text}`);
      assert.ok([200, 400].includes(answer.status), `${text}: ${answer.status} ${answer.text}`);
    }
  });

  it('bad names of tasks and namespaces', async () => {
    for (const id of ['%20', 'a%2fb', '%00', '%ff', 'x'.repeat(129), '-a']) {
      const answer = await server.call('GET', `/api/v1/tasks/${id}`);
      assert.ok([400, 404].includes(answer.status), `${id}: ${answer.status} ${answer.text}`);
      problem(answer, answer.status, answer.status === 404 ? 'not_found' : 'invalid_request');
    }
    for (const name of ['a b', '../etc', '', 'x'.repeat(200), 'ä']) {
      const answer = await server.call('GET', `/api/v1/tasks?namespace=${encodeURIComponent(name)}`);
      problem(answer, 400, 'invalid_request', 'namespace');
    }
  });
});

describe('strangers', () => {
  const verbs = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'FOO'];
  const until = /\r\n\r\n/;

  it('without a token, or with a wrong one', async () => {
    for (const token of [null, 'wrong', 'x'.repeat(5_000)]) {
      for (const [method, path] of [['GET', '/api/v1/tasks'], ['POST', '/api/v1/tasks'], ['GET', '/api/v1/workers'], ['GET', '/api/v1/namespaces']] as const) {
        await refused(server, 401, 'unauthorized', method, path, method === 'POST' ? { type: 'a' } : undefined, [], { token });
      }
    }
    for (const value of ['Basic YTpi', 'Bearer', `bearer  ${'0'.repeat(64)}`, server.token]) {
      await refused(server, 401, 'unauthorized', 'GET', '/api/v1/tasks', undefined, [], { token: null, headers: { Authorization: value } });
    }
    const answer = await server.call('GET', '/api/v1/tasks', undefined, { token: null });
    assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
  });

  it('a foreign Host is told so before anything else, whatever the verb, path and token', async () => {
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1:1', '169.254.169.254', 'localhost.evil.example', '']) {
      for (const verb of verbs) {
        for (const token of ['', `Authorization: Bearer ${server.token}`]) {
          const text = await exchange(server, `${verb} /api/v1/nothing HTTP/1.1\r\nHost: ${host}\r\n${token ? token + '\r\n' : ''}Content-Length: 0\r\nConnection: close\r\n\r\n`);
          const answer = parseAnswer(text);
          if (host === '' && answer.status === 400) continue;
          if (verb === 'HEAD') assert.equal(answer.status, 421, text);
          else assertProblem(answer, 421, 'foreign_host', `${verb} for ${host}: ${text}`);
        }
      }
    }
  });

  it('a foreign Origin is refused before anything else, whatever the verb, path and token', async () => {
    const host = new URL(server.url).host;
    for (const origin of ['https://evil.example', 'null', `https://${host}`, 'http://127.0.0.1:1', 'http://localhost.evil.example', `http://${host}.evil.example`]) {
      for (const verb of verbs) {
        for (const token of ['', `Authorization: Bearer ${server.token}`]) {
          const text = await exchange(server, `${verb} /api/v1/nothing HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\n${token ? token + '\r\n' : ''}Content-Length: 0\r\nConnection: close\r\n\r\n`, { until });
          const answer = parseAnswer(text);
          assert.equal(answer.status, 403, `${verb} from ${origin}: ${text}`);
          if (verb !== 'HEAD') assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
          assert.equal(answer.headers['access-control-allow-origin'], undefined);
        }
      }
    }
    await server.expect(200, 'GET', '/livez', undefined, { headers: { Origin: server.url } });
  });
});

function head(verb: string, path: string, headers: string[] = []): string {
  const lines = [`${verb} ${path} HTTP/1.1`, `Host: ${new URL(server.url).host}`, `Authorization: Bearer ${server.token}`, ...headers];
  return lines.join('\r\n') + '\r\n\r\n';
}

function assertProblem(answer: RawAnswer, status: number, code: string, what = JSON.stringify(answer)): void {
  assert.equal(answer.status, status, what);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what);
  assert.equal(answer.body?.code, code, what);
}

// Slow ones wait side by side for the server's deadlines.
describe('bytes', { concurrency: 20 }, () => {
  it('that are no HTTP', async () => {
    for (const bytes of ['\r\n\r\n\r\n', 'hello\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'GET /livez HTTP/1.1\r\nHost : x\r\n\r\n', 'GET /li vez HTTP/1.1\r\n\r\n', Buffer.alloc(10_000, 0)]) {
      const text = await exchange(server, bytes, { end: true });
      if (text !== '') assert.match(text, /^HTTP\/1\.[01] (400|404|405|408|421|431|501|505) /, JSON.stringify(String(bytes).slice(0, 40)));
    }
  });

  it('with headers that contradict each other', async () => {
    for (const lines of [['Content-Length: 5', 'Content-Length: 6'], ['Content-Length: -5'], ['Content-Length: 5x'], ['Transfer-Encoding: chunked', 'Content-Length: 5'], ['Transfer-Encoding: gzip']]) {
      const text = await exchange(server, head('POST', '/api/v1/tasks', ['Content-Type: application/json', ...lines]) + 'hello', { end: true });
      assert.match(text, /^HTTP\/1\.1 4\d\d |^HTTP\/1\.1 501 |^$/, text);
    }
    const broken = await exchange(server, head('POST', '/api/v1/tasks', ['Content-Type: application/json', 'Transfer-Encoding: chunked']) + 'zz\r\nhello', { end: true });
    assert.match(broken, /^HTTP\/1\.1 4\d\d |^$/, broken);
  });

  it('with too many or too long headers', async () => {
    const long = await exchange(server, head('GET', '/api/v1/tasks', [`X-Long: ${'x'.repeat(100_000)}`]), { until: /}/ });
    if (long !== '') assertProblem(parseAnswer(long), 431, 'headers_too_large', long);
    const many = await exchange(server, head('GET', '/api/v1/tasks', Array.from({ length: 5_000 }, (_, i) => `X-${i}: 1`)), { until: /}/ });
    if (many !== '') assertProblem(parseAnswer(many), 431, 'headers_too_large', many);
    const path = await exchange(server, head('GET', `/api/v1/tasks/${'x'.repeat(100_000)}`), { until: /}/ });
    if (path !== '') assert.match(path, /^HTTP\/1\.1 4(00|04|14|31) /);
  });

  it('that stop in the middle: the connection is closed and nothing is changed', async () => {
    const body = '{"id":"half-sent","type":"a"}';
    const whole = head('POST', '/api/v1/tasks', ['Content-Type: application/json', `Content-Length: ${body.length}`]) + body;
    for (const share of [0.1, 0.5, 0.9, 0.99]) await exchange(server, whole.slice(0, Math.floor(whole.length * share)), { end: true });
    await refused(server, 404, 'not_found', 'GET', '/api/v1/tasks/half-sent');
  });

  it('that come one by one: a slow request is answered, one without end is not waited for', async () => {
    const { hostname, port } = new URL(server.url);
    const slow = head('GET', '/livez', ['Connection: close']);
    const { connect } = await import('node:net');
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, async () => {
        for (const byte of slow) {
          socket.write(byte);
          await new Promise((next) => setTimeout(next, 2));
        }
      });
      socket.on('data', (chunk) => (text += chunk));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    assert.match(answer, /^HTTP\/1\.1 200 /);
    const from = Date.now();
    const never = await exchange(server, 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ', { msMax: 25_000 });
    const took = Date.now() - from;
    assert.ok(took > 5_000 && took < 20_000, `headers are waited for 10 s; it took ${took} ms`);
    if (never !== '') assertProblem(parseAnswer(never), 408, 'request_timeout', never);
  });

  it('whose body does not come, and connections without a request, are let go', async () => {
    const impatient = await Server.start({ flags: ['--limits-http-body-timeout-ms', '300', '--limits-http-idle-timeout-ms', '600'] });
    const half = head('POST', '/api/v1/tasks', ['Content-Type: application/json', 'Content-Length: 100']).replace(/Host: .*/, `Host: ${new URL(impatient.url).host}`) + '{"type":';
    const answer = await exchange(impatient, half, { msMax: 5_000 });
    if (answer !== '') assertProblem(parseAnswer(answer), 408, 'request_timeout', answer);
    const from = Date.now();
    await exchange(impatient, '', { msMax: 5_000 });
    assert.ok(Date.now() - from < 4_000, 'an idle connection is closed');
    await impatient.stop();
  });

  it('of several requests in one go are answered in order', async () => {
    const two = head('GET', '/livez') + head('GET', '/api/v1/nothing') + head('GET', '/readyz', ['Connection: close']);
    const text = await exchange(server, two);
    assert.deepEqual([...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((m) => m[1]), ['200', '404', '200']);
  });

  it('on 1,000 connections at once', async () => {
    const { hostname, port } = new URL(server.url);
    const { connect } = await import('node:net');
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => new Promise<import('node:net').Socket>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(socket));
      socket.on('error', reject);
    })));
    const answers = await Promise.all(sockets.map((socket) => new Promise<string>((resolve) => {
      socket.once('data', (chunk) => resolve(chunk.toString()));
      socket.once('close', () => resolve(''));
      socket.write(head('GET', '/livez'));
    })));
    assert.equal(answers.filter((a) => a.startsWith('HTTP/1.1 200 ')).length, 1_000);
    for (const socket of sockets) socket.destroy();
  });
});
