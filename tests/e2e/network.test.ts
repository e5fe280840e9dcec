// What the network does beside the API: rates, pages of other origins, compression, limits of WebSockets.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as http from 'node:http';
import { problem, submitBatch } from './support/api';
import { Json, Server, arbiter } from './support/server';
import { EventSocket } from './support/web_socket';

function bytesOf(server: Server, path: string, headers: Record<string, string>): Promise<{ headers: http.IncomingHttpHeaders; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    http.get(server.url + path, { agent: false, headers: { Authorization: `Bearer ${server.token}`, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
    }).on('error', reject);
  });
}

describe('rates of requests', () => {
  it('hold back a token and no other', async () => {
    const server = await Server.start({ flags: ['--limits-http-requests-per-second-per-token', '1', '--limits-http-requests-burst-per-token', '5'] });
    const other = await server.expect(201, 'POST', '/api/v1/tokens', { name: 'other' });
    let last: Json;
    for (let n = 0; n < 10; n++) {
      last = await server.call('GET', '/api/v1/version');
      if (last.status !== 200) break;
    }
    problem(last, 429, 'rate_limited');
    assert.match(last.headers['retry-after'], /^[1-9][0-9]*$/);
    await server.expect(200, 'GET', '/api/v1/version', undefined, { token: other.token });
    await server.expect(200, 'GET', '/livez');
    const commands = await Promise.all(Array.from({ length: 10 }, () => server.cli(['task', 'list'])));
    assert.ok(commands.some((command) => command.status === 6), 'one of ten at once is over the rate');
    await server.stop();
  });

  it('hold back an address, but not the probes', async () => {
    const server = await Server.start({ flags: ['--limits-http-requests-per-second-per-address', '1', '--limits-http-requests-burst-per-address', '3'] });
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push((await server.call('GET', '/api/v1/version', undefined, { token: null })).status);
    assert.deepEqual(answers.slice(0, 3), [401, 401, 401]);
    assert.ok(answers.includes(429), String(answers));
    for (let n = 0; n < 10; n++) await server.expect(200, 'GET', '/readyz');
    await server.stop();
  });

  it('hold back those who try tokens, and not those who have one', async () => {
    const server = await Server.start({ flags: ['--limits-http-wrong-tokens-per-minute-per-address', '3'] });
    await server.expect(200, 'GET', '/api/v1/version');
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push((await server.call('GET', '/api/v1/version', undefined, { token: `arb_${n}` })).status);
    assert.deepEqual(answers, [401, 401, 401, 429, 429]);
    await server.expect(200, 'GET', '/api/v1/version');
    await server.stop();
  });
});

describe('pages of other origins', () => {
  it('may call and read when the configuration names them', async () => {
    const server = await Server.start({ flags: ['--allowed-origins', 'https://pages.example'] });
    const page = { Origin: 'https://pages.example' };
    const preflight = await server.call('OPTIONS', '/api/v1/tasks', undefined, { token: null, headers: { ...page, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' } });
    assert.equal(preflight.status, 204, preflight.text);
    assert.equal(preflight.headers['access-control-allow-origin'], 'https://pages.example');
    assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization/);
    const answer = await server.call('GET', '/api/v1/tasks', undefined, { headers: page });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], 'https://pages.example');
    assert.equal(answer.headers['access-control-allow-credentials'], undefined);
    assert.match(String(answer.headers['access-control-expose-headers']), /Retry-After/);
    const refused = await server.call('GET', '/api/v1/tasks', undefined, { token: null, headers: page });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers['access-control-allow-origin'], 'https://pages.example');
    await server.expect(403, 'GET', '/api/v1/tasks', undefined, { headers: { Origin: 'https://evil.example' } });
    await server.stop();
  });

  it('are not let in by default, nor all of them without tokens', async () => {
    const server = await Server.start();
    await server.expect(403, 'OPTIONS', '/api/v1/tasks', undefined, { headers: { Origin: 'https://pages.example', 'Access-Control-Request-Method': 'POST' } });
    await server.stop();
    const refused = await arbiter(['serve', '--listen', '127.0.0.1:0', '--data', '/nonexistent', '--insecure-no-auth', '--allowed-origins', '*']);
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, /every web page/);
  });
});

describe('compressed answers', () => {
  it('are what the others are, for those who ask', async () => {
    const server = await Server.start();
    await submitBatch(server, Array.from({ length: 100 }, (_, n) => ({ id: `zipped-${n}`, type: 'x' })));
    const plain = await bytesOf(server, '/api/v1/tasks?limit=100', {});
    assert.equal(plain.headers['content-encoding'], undefined);
    const packed = await bytesOf(server, '/api/v1/tasks?limit=100', { 'Accept-Encoding': 'gzip, deflate, br' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(Number(packed.headers['content-length']), packed.bytes.length);
    assert.ok(packed.bytes.length * 4 < plain.bytes.length, `${packed.bytes.length} of ${plain.bytes.length}`);
    assert.equal(gunzipSync(packed.bytes).length, plain.bytes.length);
    const small = await bytesOf(server, '/api/v1/version', { 'Accept-Encoding': 'gzip' });
    assert.equal(small.headers['content-encoding'], undefined);
    await server.stop();
  });
});

describe('a WebSocket', () => {
  it('is closed with the reason when it sends too many messages', async () => {
    const server = await Server.start({ flags: ['--limits-http-web-socket-messages-per-second', '5'] });
    const socket = await EventSocket.open(server);
    await socket.typed('connected');
    for (let n = 0; n < 40; n++) socket.send({ type: 'dance' });
    assert.equal(await socket.closed(), 1008);
    await server.stop();
  });
});
