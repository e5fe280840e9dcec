// TLS: certificates made by openssl, verified by clients, renewed while the server runs.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, TLSSocket } from 'node:tls';
import WebSocket from 'ws';
import { submit } from './support/api';
import { BINARY, Server, arbiter, eventually, temporaryDirectory } from './support/server';

const directory = temporaryDirectory();
const ca = join(directory, 'ca.pem');
const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
const openssl = (...arguments_: string[]): string => execFileSync('openssl', arguments_, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] }).toString();

// A certificate of our CA, in a folder of its own.
function issue(name: string, names: string): { cert: string; key: string } {
  const folder = join(directory, name);
  mkdirSync(folder);
  const pair = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-keyout', pair.key, '-out', join(folder, 'request.pem'));
  openssl('x509', '-req', '-in', join(folder, 'request.pem'), '-CA', ca, '-CAkey', join(directory, 'ca-key.pem'), '-CAcreateserial', '-days', '30', '-copy_extensions', 'copy', '-out', pair.cert);
  return pair;
}
function use(pair: { cert: string; key: string }): void {
  for (const file of ['cert', 'key'] as const) {
    copyFileSync(pair[file], `${files[file]}.new`);
    renameSync(`${files[file]}.new`, files[file]);
  }
}
const tlsFlags = ['--tls-cert', files.cert, '--tls-key', files.key];

let server: Server;
let port: number;
before(async () => {
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=test CA', '-keyout', 'ca-key.pem', '-out', 'ca.pem');
  use(issue('first', 'DNS:localhost,DNS:coordinator.example,IP:127.0.0.1'));
  server = await Server.start({ flags: tlsFlags, ca });
  port = Number(new URL(server.url).port);
});
after(() => server.stop());

// The certificate's name and the protocol that a new connection gets.
function peer(options: object = {}): Promise<{ name: string; protocol: string }> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', ca: readFileSync(ca), servername: 'localhost', ...options }, () => {
      resolve({ name: String(socket.getPeerCertificate().subject.CN), protocol: String(socket.getProtocol()) });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
const cli = (arguments_: string[], env: Record<string, string> = {}) =>
  arbiter(arguments_, { env: { ARBITER_URL: `https://localhost:${port}`, ARBITER_TOKEN: server.token, ARBITER_CA_FILE: ca, ...env } });

describe('a server with TLS', () => {
  it('speaks TLS 1.2 and 1.3, nothing older, and serves the API, streams and WebSockets', async () => {
    assert.match(server.url, /^https:/);
    assert.equal((await peer()).protocol, 'TLSv1.3');
    assert.equal((await peer({ maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
    await assert.rejects(peer({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
    await submit(server, { id: 'secure', type: 'x', payload: 'y'.repeat(500_000) });
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/secure')).payload.length, 500_000);
    const socket = new WebSocket(`wss://localhost:${port}/ws`, { ca: readFileSync(ca), headers: { Authorization: `Bearer ${server.token}`, Origin: `https://localhost:${port}` } });
    const got: string[] = [];
    socket.on('message', (text) => got.push(String(text)));
    await new Promise((resolve, reject) => (socket.on('open', resolve), socket.on('error', reject)));
    socket.send('{"type":"subscribe","after":0}');
    await eventually('the event', async () => got.some((text) => text.includes('task:secure')));
    socket.terminate();
  });

  it('tells clients without TLS what to do', async () => {
    const text = await new Promise<string>((resolve) => {
      let all = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
      socket.on('data', (bytes) => (all += bytes));
      socket.on('error', () => resolve(all));
      socket.on('close', () => resolve(all));
    });
    assert.match(text, /^HTTP\/1\.1 400 .*https:\/\//s);
  });

  it('knows its own names and refuses others', async () => {
    assert.equal((await server.call('GET', '/livez', undefined, { headers: { Host: `coordinator.example:${port}` } })).status, 200);
    assert.equal((await server.call('GET', '/livez', undefined, { headers: { Host: 'other.example' } })).status, 421);
    assert.equal((await server.call('GET', '/livez', undefined, { headers: { Origin: `http://localhost:${port}` } })).status, 403);
  });

  it('ends handshakes that take too long, and counts their connections', async () => {
    const small = await Server.start({ flags: [...tlsFlags, '--limits-http-tls-handshake-timeout-ms', '300', '--limits-http-connections-max', '10'], ca });
    const sockets = Array.from({ length: 10 }, () => connect(Number(new URL(small.url).port), '127.0.0.1').on('error', () => undefined));
    const closed = sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    // While they say nothing nobody else gets in; then they are gone.
    await assert.rejects(small.call('GET', '/livez'));
    await Promise.all(closed);
    await eventually('there is room again', async () => (await small.call('GET', '/livez').catch(() => undefined))?.status === 200);
    assert.match((await small.call('GET', '/metrics')).text, /^arbiter_connections_refused_total [1-9]/m);
    await small.stop();
  });
});

describe('clients of a server with TLS', () => {
  it('verify the certificate and its name', async () => {
    const good = await cli(['task', 'submit', 'build', '--id', 'by-cli']);
    assert.equal(good.status, 0, good.stderr);
    const flag = await cli(['task', 'show', 'by-cli', '--ca-file', ca, '-o', 'json'], { ARBITER_CA_FILE: '' });
    assert.equal(JSON.parse(flag.stdout).id, 'by-cli', flag.stderr);
    const stranger = await cli(['task', 'list'], { ARBITER_CA_FILE: '' });
    assert.notEqual(stranger.status, 0);
    assert.match(stranger.stderr, /certificate is not trusted.*--ca-file/s);
    const other = issue('other', 'DNS:coordinator.example');
    const elsewhere = await Server.start({ flags: ['--tls-cert', other.cert, '--tls-key', other.key], ca });
    for (const [host, reason] of [['127.0.0.1', /IP address mismatch/], ['localhost', /hostname mismatch/i]] as const) {
      const misnamed = await cli(['task', 'list'], { ARBITER_URL: `https://${host}:${new URL(elsewhere.url).port}` });
      assert.match(misnamed.stderr, reason);
    }
    await elsewhere.stop();
    const missing = await cli(['task', 'list', '--ca-file', join(directory, 'none.pem')]);
    assert.match(missing.stderr, /none\.pem/);
  });

  it('work: a worker takes a task, its program reaches the server, events are followed', async () => {
    const worker = spawn(BINARY, ['worker', 'run', '--name', 'tls', '--capability', 'tls', '--exec', `'${BINARY}' task show "$ARBITER_TASK_ID" -o json`], {
      env: { ...process.env, ARBITER_URL: `https://localhost:${port}`, ARBITER_TOKEN: server.token, ARBITER_CA_FILE: ca },
      stdio: 'ignore',
    });
    const tail = spawn(BINARY, ['events', 'tail', '--task', 'tls-1', '--after', '0', '-o', 'json'], {
      env: { ...process.env, ARBITER_URL: `https://localhost:${port}`, ARBITER_TOKEN: server.token, ARBITER_CA_FILE: ca },
    });
    let events = '';
    tail.stdout.on('data', (bytes) => (events += bytes));
    const done = await cli(['task', 'submit', 'tls', '--id', 'tls-1', '--wait', '--timeout', '60s', '-o', 'json']);
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.equal(JSON.parse(done.stdout).result.id, 'tls-1');
    await eventually('its end on the stream', async () => events.includes('TASK.COMPLETED.SUCCESS'));
    tail.kill();
    worker.kill();
    await new Promise((resolve) => worker.on('exit', resolve));
  });
});

describe('renewal of the certificate', () => {
  const metric = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await server.call('GET', '/metrics')).text)?.[1]);

  it('is taken when the files change, while connections go on', async () => {
    const long = server.call('GET', '/api/v1/tasks/by-cli?waitMs=2000');
    assert.equal((await peer()).name, 'first');
    use(issue('second', 'DNS:localhost,IP:127.0.0.1'));
    await eventually('the new certificate', async () => (await peer()).name === 'second');
    assert.equal((await long).status, 200);
    assert.equal(await metric('arbiter_tls_reloads_total'), 1);
    assert.ok((await metric('arbiter_tls_certificate_not_after_seconds')) > Date.now() / 1000);
  });

  it('is taken at once on SIGHUP', async () => {
    use(issue('third', 'DNS:localhost,IP:127.0.0.1'));
    process.kill(server.pid, 'SIGHUP');
    await eventually('the new certificate', async () => (await peer()).name === 'third');
  });

  it('keeps the old pair when the new one is broken, and says so', async () => {
    const good = readFileSync(files.cert);
    writeFileSync(files.cert, 'not a certificate');
    await eventually('the failure', async () => (await metric('arbiter_tls_reload_failures_total')) === 1);
    assert.equal((await peer()).name, 'third');
    assert.match(server.log, /was not renewed; the old one stays in use/);
    const health = await server.expect(200, 'GET', '/health');
    assert.equal(health.status, 'degraded');
    assert.match(health.checks.find((c: { name: string }) => c.name === 'tls').detail, /not renewed/);
    assert.equal((await server.call('GET', '/readyz')).status, 200);
    writeFileSync(files.cert, good);
    await eventually('all is well', async () => (await server.expect(200, 'GET', '/health')).status === 'ok');
  });
});

describe('addresses that others reach', () => {
  const outside = Object.values(networkInterfaces()).flat().find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  const refused = async (...flags: string[]): Promise<string> => {
    const result = await arbiter(['serve', '--data', join(temporaryDirectory(), 'data'), ...flags]);
    assert.notEqual(result.status, 0);
    return result.stderr;
  };

  it('need TLS and tokens', async () => {
    assert.match(await refused('--listen', '0.0.0.0:0'), /not a loopback address.*--tls-cert/s);
    assert.match(await refused('--listen', '[::]:0', ...tlsFlags, '--insecure-no-auth'), /insecureNoAuth/);
    assert.match(await refused('--tls-cert', files.cert), /go together/);
    assert.match(await refused('--tls-cert', join(directory, 'none.pem'), '--tls-key', files.key), /none\.pem/);
    assert.match(await refused('--tls-cert', files.cert, '--tls-key', join(directory, 'ca-key.pem')), /mismatch/);
  });

  it('are served then', { skip: outside === undefined ? 'this machine has no such address' : false }, async () => {
    use(issue('outside', `DNS:localhost,IP:127.0.0.1,IP:${outside}`));
    const open = await Server.start({ flags: tlsFlags, address: '0.0.0.0', ca });
    const result = await arbiter(['version', '-o', 'json'], { env: { ARBITER_URL: `https://${outside}:${new URL(open.url).port}`, ARBITER_TOKEN: open.token, ARBITER_CA_FILE: ca } });
    assert.equal(result.status, 0, result.stderr);
    await open.stop();
  });
});
