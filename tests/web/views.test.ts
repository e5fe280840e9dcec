// Every view: for those who do not see it, on a small screen, with names that mean harm.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { acted, failed, leaseOne, submit, worker } from '../e2e/support/api';
import { Server } from '../e2e/support/server';
import { closeBrowser, Visit } from './support/browser';
import { atWork } from './support/fleet';
import { needsHelp } from './support/inbox';

const VIEWS = ['', 'inbox', 'tasks', 'tasks/implement-search', 'tasks/fetch-licences', 'tasks/no-such-task', 'workers', 'queues', 'events', 'nowhere'];

let server: Server;
before(async () => {
  server = await Server.start({ flags: ['--metrics-sample-interval-ms', '200'] });
  await needsHelp(server, await atWork(server));
});
after(async () => {
  await closeBrowser();
  await server.stop();
});

// Everything that the view asks the server for has come.
async function settled(visit: Visit): Promise<void> {
  await visit.page.waitForLoadState('networkidle');
  await visit.page.getByText('Loading', { exact: true }).waitFor({ state: 'detached' });
}

describe('every view', () => {
  const withoutBarriers = async (dark: boolean) => {
    const visit = await Visit.signedIn(server, '', { dark });
    const found: string[] = [];
    for (const view of VIEWS) {
      await visit.at(view);
      await settled(visit);
      found.push(...(await visit.barriers()).map((fault) => `${view}: ${fault}`));
    }
    assert.deepEqual(found, []);
    await visit.close();
    const stranger = await Visit.open(server, { dark });
    await stranger.page.goto('/');
    await stranger.page.getByLabel('Access token').waitFor();
    assert.deepEqual(await stranger.barriers(), []);
    await stranger.close();
  };
  it('has nothing that axe-core finds fault with, in light colours', () => withoutBarriers(false));
  it('has nothing that axe-core finds fault with, in dark colours', () => withoutBarriers(true));

  it('fits a screen of 360 pixels without being scrolled sideways', async () => {
    const visit = await Visit.signedIn(server, '', { width: 360, height: 740 });
    for (const view of VIEWS) {
      await visit.at(view);
      await settled(visit);
      assert.equal(await visit.overflow(), 0, `the view '${view}' is wider than its window`);
    }
    assert.deepEqual(await visit.barriers(), []);
    await visit.close();
  });

  it('is used with the keyboard alone', async () => {
    const visit = await Visit.signedIn(server);
    const { page } = visit;
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    await page.getByRole('searchbox', { name: /task by its id/ }).focus();
    await page.keyboard.type('fetch-licences');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Task fetch-licences' }).waitFor();
    // No way leads into something that Tab does not lead out of again.
    const seen = new Set<string>();
    for (let n = 0; n < 80; ++n) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const element = document.activeElement!;
        const box = element.getBoundingClientRect();
        return element === document.body ? 'the end' : `${element.tagName} ${element.textContent} ${box.x} ${box.y}`;
      });
      if (at === 'the end') return visit.close();
      assert.ok(!seen.has(at), `Tab came to the same place again: ${at}`);
      seen.add(at);
    }
    assert.fail('Tab did not come to the end of the page');
  });

  it('remembers which colours somebody chose', async () => {
    const visit = await Visit.signedIn(server);
    const ground = () => visit.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await visit.page.getByRole('button', { name: 'Dark colours' }).click();
    const dark = await ground();
    assert.notEqual(dark, light);
    await visit.page.reload();
    await visit.live();
    assert.equal(await ground(), dark);
    await visit.close();
  });
});

describe('names that mean harm', () => {
  const HTML = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>';
  const RTL = '\u202egnp.exe\u202c \u05d0\u05d1\u05d2';
  const LONG = 'n'.repeat(128);

  it('are shown as the text they are, everywhere', async () => {
    const ids: string[] = [];
    for (const [n, text] of [HTML, RTL, 'w'.repeat(1_000)].entries()) {
      const name = `${LONG.slice(0, 126)}-${n}`;
      await worker(server, name, { capabilities: [`hostile-${n}`, text.slice(0, 128)], location: text.slice(0, 256), labels: { '<b>': text } });
      await submit(server, { id: name, type: `hostile-${n}`, queue: name, tags: [text.slice(0, 128)], payload: { [text]: text }, retry: { maxAttempts: 1 } });
      const held = await leaseOne(server, (await server.expect(200, 'GET', `/api/v1/workers/${name}`)).id);
      await acted(server, held, 'progress', { percent: 10, message: text });
      await acted(server, held, 'log', { lines: [text] });
      ids.push(name);
      if (n > 0) await failed(server, held, { error: { code: 'hostile', message: text, details: { text } } });
    }
    const visit = await Visit.signedIn(server, '', { width: 360, height: 740 });
    for (const view of ['', 'inbox', 'tasks', ...ids.map((id) => `tasks/${id}`), 'workers', 'queues', 'events', `tasks/${encodeURIComponent(HTML)}`, `tasks?tag=${encodeURIComponent(HTML)}`]) {
      await visit.at(view);
      await settled(visit);
      assert.equal(await visit.overflow(), 0, `the view '${view.slice(0, 20)}' is wider than its window`);
      assert.equal(await visit.page.locator('img, main script').count(), 0);
    }
    await visit.at(`tasks/${ids[0]}`);
    await visit.page.getByText(HTML).first().waitFor();
    assert.equal(await visit.page.evaluate(() => (window as unknown as { harmed?: number }).harmed), undefined);
    await visit.close();
  });
});
