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
  documented?: boolean; // Others are made when they are named: `tests/web/run --screenshots FOLDER NAMES`.
}
const wide = { width: 1280, height: 800 };
const tall = { width: 1280, height: 1040 };
const phone = { width: 390, height: 780, scale: 2 };
const views = ['overview', 'inbox', 'tasks', 'workers', 'queues', 'events'];
const shots: Shot[] = [
  { name: 'overview', place: '', documented: true, ...tall },
  { name: 'inbox', place: 'inbox', documented: true, ...tall },
  { name: 'task', place: 'tasks/implement-search', documented: true, ...tall },
  { name: 'phone-overview', place: '', documented: true, dark: true, ...phone },
  { name: 'task-dark', place: 'tasks/implement-search', dark: true, ...tall },
  { name: 'phone-task', place: 'tasks/implement-search', ...phone },
  ...views.flatMap((view) => [
    { name: `${view}-dark`, place: view === 'overview' ? '' : view, dark: true, ...wide },
    { name: `phone-${view}-light`, place: view === 'overview' ? '' : view, ...phone },
  ]),
  ...views.slice(2).map((view) => ({ name: view, place: view, ...wide })),
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
    for (const shot of shots.filter((one) => (wanted.length === 0 ? one.documented : wanted.includes(one.name) || wanted[0] === 'all'))) {
      const visit = await Visit.signedIn(server, shot.place, shot);
      await visit.page.waitForLoadState('networkidle').catch(() => undefined);
      await visit.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 700)));
      await visit.page.screenshot({ path: join(folder, `${shot.name}.png`) });
      await visit.close();
    }
  } finally {
    await closeBrowser();
    await server.stop();
  }
}

void main(process.argv[2]!, process.argv.slice(3));
