// What the page shows is what is so; when it cannot know, it says so and since when.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { acted, complete, leaseOne, submit, worker } from '../e2e/support/api';
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

describe('the page', () => {
  it('follows a task from its submission to its end without being asked', async () => {
    const visit = await Visit.signedIn(server, 'tasks');
    const { page } = visit;
    await page.getByText('There is no task yet.').waitFor();
    const ada = await worker(server, 'ada');
    await submit(server, { id: 'live-1', type: 'ada' });
    const row = page.getByRole('row').filter({ hasText: 'live-1' });
    await row.getByText('queued', { exact: true }).waitFor();
    const held = await leaseOne(server, ada);
    await row.getByText('running', { exact: true }).waitFor();
    await row.getByText('ada').first().waitFor();
    await row.getByRole('link', { name: 'live-1' }).click();
    await page.getByRole('heading', { name: 'Task live-1' }).waitFor();
    await acted(server, held, 'log', { lines: ['first line'] });
    await page.getByText('first line').waitFor();
    await acted(server, held, 'progress', { percent: 40, message: 'nearly half' });
    await page.getByText('nearly half').first().waitFor();
    await acted(server, held, 'log', { lines: ['last line'] });
    await complete(server, held, { words: 7 });
    await page.getByLabel('Facts').getByText('completed').waitFor();
    await page.getByText('last line').waitFor();
    await page.getByRole('region', { name: 'Result' }).last().getByText('"words": 7').waitFor();
    await visit.close();
  });

  it('says that it is not live while the server is away, then goes on where it was', async () => {
    const visit = await Visit.signedIn(server, 'events');
    const { page } = visit;
    await submit(server, { id: 'before', type: 'nobody' });
    const link = (id: string) => page.getByRole('table').getByRole('link', { name: id, exact: true });
    await link('before').waitFor();
    await server.kill();
    await page.getByText('Not live', { exact: true }).first().waitFor();
    await page.getByText(/Not live since \d\d:\d\d:\d\d/).waitFor();
    await server.start();
    // Done while the page was away.
    await submit(server, { id: 'meanwhile', type: 'nobody' });
    await visit.live();
    await link('meanwhile').waitFor();
    await submit(server, { id: 'afterwards', type: 'nobody' });
    await link('afterwards').waitFor();
    assert.equal(await page.getByText(/Not live/).count(), 0);
    for (const id of ['before', 'meanwhile', 'afterwards']) assert.equal(await link(id).count(), 1, id);
    await visit.close();
  });

  it('notices a connection over which nothing comes any more', async () => {
    const visit = await Visit.signedIn(server);
    process.kill(server.pid, 'SIGSTOP');
    try {
      await visit.page.getByText('Not live', { exact: true }).first().waitFor({ timeout: 40_000 });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await visit.live();
    await visit.close();
  });

  it('shows another namespace, and nothing of the one before', async () => {
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'of-the-team', type: 'x' }, { headers: { 'Arbiter-Namespace': 'team' } });
    await submit(server, { id: 'of-nobody', type: 'x' });
    const visit = await Visit.signedIn(server, 'tasks');
    await visit.page.getByRole('link', { name: 'of-nobody' }).waitFor();
    await visit.page.getByLabel('Namespace').selectOption('team');
    await visit.page.getByRole('link', { name: 'of-the-team' }).waitFor();
    assert.equal(await visit.page.getByText('of-nobody').count(), 0);
    await visit.live();
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'later', type: 'x' }, { headers: { 'Arbiter-Namespace': 'team' } });
    await visit.page.getByRole('link', { name: 'later' }).waitFor();
    await visit.close();
  });
});
