import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { discover, parseUrl } from './endpoint.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the server is found', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'arbiter-sdk-'));
    writeFileSync(join(directory, 'server.url'), 'http://127.0.0.1:4001\n');
    writeFileSync(join(directory, 'admin.token'), 'of-the-directory\n');
    writeFileSync(join(directory, 'token'), 'of-a-file\r\nmore\n');
    writeFileSync(join(directory, 'ca.pem'), 'PEM');
  });
  after(() => rmSync(directory, { recursive: true }));

  it('at its default when nothing says otherwise', () => {
    const found = discover({ dataDirectory: join(directory, 'none') }, {});
    assert.deepEqual(found, { url: 'http://127.0.0.1:7420', token: '', namespace: '', ca: undefined, traceparent: '' });
  });

  it('by its data directory', () => {
    const found = discover({}, { ARBITER_DATA: directory });
    assert.deepEqual([found.url, found.token], ['http://127.0.0.1:4001', 'of-the-directory']);
  });

  it('by the environment before the data directory', () => {
    const environment = { ARBITER_DATA: directory, ARBITER_URL: 'https://arbiter.example:7420/', ARBITER_TOKEN: 'of-the-environment', ARBITER_NAMESPACE: 'team-a', ARBITER_CA_FILE: join(directory, 'ca.pem'), TRACEPARENT: TRACE };
    assert.deepEqual(discover({}, environment), { url: 'https://arbiter.example:7420', token: 'of-the-environment', namespace: 'team-a', ca: 'PEM', traceparent: TRACE });
    assert.equal(discover({}, { ...environment, ARBITER_TOKEN_FILE: join(directory, 'token') }).token, 'of-a-file');
  });

  it('by options before the environment', () => {
    const environment = { ARBITER_URL: 'http://a.example', ARBITER_TOKEN: 'x', ARBITER_TOKEN_FILE: join(directory, 'token'), ARBITER_NAMESPACE: 'a', TRACEPARENT: TRACE };
    const found = discover({ url: 'http://b.example:81', token: 'y', namespace: 'b', traceparent: '' }, environment);
    assert.deepEqual(found, { url: 'http://b.example:81', token: 'y', namespace: 'b', ca: undefined, traceparent: '' });
    assert.equal(discover({ token: '' }, environment).token, '', 'no token is a choice too');
  });

  it('ignores a traceparent that is none', () => {
    for (const traceparent of ['x', TRACE.toUpperCase(), `ff${TRACE.slice(2)}`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
      assert.equal(discover({ dataDirectory: directory }, { TRACEPARENT: traceparent }).traceparent, '', traceparent);
    }
  });

  it('refuses what somebody named and what cannot be used, and says why', () => {
    for (const [url, why] of [['7420', /starts neither/], ['ftp://a', /starts neither/], ['http://', /bad host/], ['http://a:b', /bad host or port/], ['http://a/b', /more than a host/], ['http://a?b', /more than a host/], ['http://u@a', /more than a host/]] as const) {
      assert.throws(() => parseUrl(url), { code: 'invalid_request', message: why }, url);
    }
    assert.throws(() => discover({ tokenFile: join(directory, 'none') }, {}), { code: 'invalid_request', message: /No token can be read from/ });
    assert.throws(() => discover({ caFile: join(directory, 'none') }, {}), { code: 'invalid_request', message: /cannot be read/ });
  });
});
