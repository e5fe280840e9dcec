// Writes the screenshots of docs/images: `tests/web/run --screenshots`. No test; what they show is made like in the tests.
import { join } from 'node:path';
import { eventually, Server } from '../e2e/support/server';
import { worker } from '../e2e/support/api';
import { closeBrowser, Visit, type Look } from './support/browser';
import { atWork, churn } from './support/fleet';
import { needsHelp } from './support/inbox';

interface Shot extends Look {
  name: string;
  place: string;
  ready?: string;
}
const wide = { width: 1280, height: 800 };
const phone = { width: 390, height: 780, scale: 2 };
const shots: Shot[] = [
  { name: 'overview', place: '', ...wide },
  { name: 'overview-dark', place: '', dark: true, ...wide },
  { name: 'inbox', place: 'inbox', ...wide },
  { name: 'task', place: 'tasks/implement-search', width: 1280, height: 1060 },
  { name: 'tasks', place: 'tasks', ...wide },
  { name: 'workers', place: 'workers', ...wide },
  { name: 'queues', place: 'queues', ...wide },
  { name: 'queues-dark', place: 'queues', dark: true, ...wide },
  { name: 'events', place: 'events', ...wide },
  { name: 'events-dark', place: 'events', dark: true, ...wide },
  { name: 'task-dark', place: 'tasks/implement-search', dark: true, width: 1280, height: 1060 },
  { name: 'inbox-dark', place: 'inbox', dark: true, ...wide },
  { name: 'phone-overview', place: '', ...phone },
  { name: 'phone-inbox', place: 'inbox', dark: true, ...phone },
  { name: 'phone-tasks', place: 'tasks', ...phone },
  { name: 'phone-task', place: 'tasks/implement-search', ...phone },
  { name: 'phone-events', place: 'events', ...phone },
  { name: 'phone-queues', place: 'queues', ...phone },
];

async function main(folder: string, wanted: string[]): Promise<void> {
  const server = await Server.start({ flags: ['--metrics-sample-interval-ms', '1000'] });
  try {
    const fleet = await atWork(server);
    await needsHelp(server, fleet);
    const linter = await worker(server, 'barbara', { capabilities: ['lint'], maxConcurrent: 20 });
    fleet.workers.barbara = linter;
    const seen = async () => (await server.expect(200, 'GET', '/api/v1/metrics/history?sinceMs=600000')).times.length as number;
    // Something to draw: samples are taken once a second.
    await eventually('there are samples', async () => {
      await churn(server, linter, 2);
      return (await seen()) >= 30;
    }, 120_000);
    for (const shot of shots.filter((one) => wanted.length === 0 || wanted.includes(one.name))) {
      const visit = await Visit.signedIn(server, shot.place, shot);
      await visit.page.waitForLoadState('networkidle').catch(() => undefined);
      await visit.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 700)));
      await visit.page.screenshot({ path: join(folder, `${shot.name}.png`) });
      await visit.close();
    }
    const stranger = await Visit.open(server, wide);
    await stranger.page.goto('/');
    await stranger.page.getByRole('button', { name: 'Sign in' }).waitFor();
    if (wanted.length === 0) await stranger.page.screenshot({ path: join(folder, 'sign-in.png') });
    await stranger.close();
  } finally {
    await closeBrowser();
    await server.stop();
  }
}

void main(process.argv[2]!, process.argv.slice(3));
