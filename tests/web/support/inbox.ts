// What waits for a human: a question with options, one without, incidents. A dead task is among the fleet's.
import type { Server } from '../../e2e/support/server';
import type { Fleet } from './fleet';

export async function needsHelp(server: Server, fleet: Fleet): Promise<void> {
  const [search, exporting] = fleet.running;
  const ask = await server.call('POST', `/api/v1/tasks/${search!.task.id}/ask`, {
    lease: search!.lease, questionId: 'which-index', text: 'The index can be rebuilt on every start (2 min), or kept on disk (300 MB). Which one?',
    options: ['Rebuild it', 'Keep it on disk'], default: 'Keep it on disk', expiresInMs: 3_600_000, details: { documents: 48_210, rebuildMs: 118_000, diskMb: 300 },
  });
  if (ask.status === 404) return;
  await server.expect(201, 'POST', `/api/v1/tasks/${exporting!.task.id}/ask`, {
    lease: exporting!.lease, questionId: 'which-columns', text: 'Which columns shall the CSV export have?',
  });
  await server.expect(201, 'POST', '/api/v1/incidents', {
    cause: 'licence-server', title: 'The licence server answers 503', severity: 'critical', queue: 'chores', evidence: { url: 'https://licences.example', since: '09:12' },
  });
  await server.expect(201, 'POST', '/api/v1/incidents', { cause: 'slow-tests', title: 'The tests take twice as long as yesterday', severity: 'warning', queue: 'testing' });
}
