// Signing in and out, and what the server says of its page's files.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Server } from '../e2e/support/server';
import { closeBrowser, Visit } from './support/browser';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(async () => {
  await closeBrowser();
  await server.stop();
});

describe('a browser', () => {
  it('is told that a token is wrong, and comes in with the right one, which no script can read', async () => {
    const visit = await Visit.open(server);
    const { page } = visit;
    await page.goto('/');
    await page.getByLabel('Access token').fill('arb_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The server does not know this token.').waitFor();
    assert.deepEqual(await visit.context.cookies(), []);
    await page.getByLabel('Access token').fill(server.token);
    await page.keyboard.press('Enter');
    await visit.live();
    const [cookie, ...others] = await visit.context.cookies();
    assert.deepEqual(others, []);
    assert.equal(cookie!.name, `arbiter_session_${new URL(server.url).port}`);
    assert.ok(cookie!.httpOnly);
    assert.equal(cookie!.sameSite, 'Strict');
    assert.equal(await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)), '{}{}');
    // It stays signed in over a reload, and is out when it says so.
    await page.reload();
    await visit.live();
    await page.getByRole('button', { name: /^Sign out/ }).click();
    await page.getByLabel('Access token').waitFor();
    assert.deepEqual(await visit.context.cookies(), []);
    await page.reload();
    await page.getByLabel('Access token').waitFor();
    await visit.close();
  });

  it('comes in by a link that holds the token, and forgets the link', async () => {
    const visit = await Visit.open(server);
    await visit.page.goto(`/#token=${server.token}`);
    await visit.live();
    assert.equal(visit.page.url(), `${server.url}/`);
    await visit.page.goto('/#/tasks');
    await visit.page.goBack();
    assert.equal(visit.page.url(), `${server.url}/`);
    await visit.close();
  });

  it('is out as soon as its token is revoked', async () => {
    const { token } = await server.expect(201, 'POST', '/api/v1/tokens', { name: 'guest' });
    const visit = await Visit.open(server);
    await visit.page.goto(`/#token=${token}`);
    await visit.live();
    await server.expect(200, 'DELETE', '/api/v1/tokens/guest');
    await visit.page.getByLabel('Access token').waitFor();
    await visit.close();
  });

  it('needs no token where nobody does', async () => {
    const open = await Server.start({ flags: ['--insecure-no-auth'] });
    const visit = await Visit.open(open);
    await visit.page.goto('/');
    await visit.live();
    assert.equal(await visit.page.getByRole('button', { name: /^Sign out/ }).count(), 0);
    await visit.close();
    await open.stop();
  });
});

describe('the page', () => {
  it('is served with a policy that runs nothing inline, compressed, and kept as long as it may be', async () => {
    const index = await server.call('GET', '/', undefined, { token: null });
    assert.equal(index.status, 200);
    assert.match(String(index.headers['content-type']), /^text\/html/);
    assert.match(String(index.headers['content-security-policy']), /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.doesNotMatch(String(index.headers['content-security-policy']), /unsafe|\*/);
    assert.equal(index.headers['x-content-type-options'], 'nosniff');
    assert.equal(index.headers['referrer-policy'], 'no-referrer');
    assert.equal(index.headers['cache-control'], 'no-cache');
    assert.doesNotMatch(index.text, /<script(?![^>]*src=)|<style| style=| on[a-z]+=/);
    const again = await server.call('GET', '/', undefined, { token: null, headers: { 'If-None-Match': String(index.headers.etag) } });
    assert.deepEqual([again.status, again.text], [304, '']);
    const paths = [...index.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!);
    assert.ok(paths.some((path) => path.endsWith('.js')) && paths.some((path) => path.endsWith('.css')), index.text);
    for (const path of paths.filter((one) => one.startsWith('/assets/'))) {
      const plain = await server.call('GET', path, undefined, { token: null });
      assert.match(String(plain.headers['cache-control']), /immutable/);
      const packed = await server.call('GET', path, undefined, { token: null, headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.ok(Number(packed.headers['content-length']) < Number(plain.headers['content-length']) / 2, path);
    }
    assert.equal((await server.call('POST', '/', {}, { token: null })).status, 405);
    assert.equal((await server.call('GET', '/assets/', undefined, { token: null })).status, 404);
  });
});
