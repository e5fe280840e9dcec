// A small fleet at work, for the page to show.
import { acted, complete, failed, lease, leaseOne, submit, submitBatch, worker } from '../../e2e/support/api';
import type { Lease } from '../../e2e/support/api';
import { Server } from '../../e2e/support/server';

export interface Fleet {
  workers: Record<string, string>; // ids by name
  running: Lease[];
}

const BEAT_MS = 5_000; // Workers are lost after 30 s of silence.

const AGENTS = ['ada', 'grace', 'linus', 'margaret', 'dennis'];

// Five agents on a release: some work is done, some is under way, some waits, one task is dead.
export async function atWork(server: Server): Promise<Fleet> {
  const workers: Record<string, string> = {};
  for (const name of AGENTS) workers[name] = await worker(server, name, { capabilities: ['*'], maxConcurrent: 2 });
  const beat = setInterval(() => {
    for (const id of Object.values(workers)) void server.call('POST', `/api/v1/workers/${id}/heartbeat`).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  const long = { leaseMs: 3_600_000 };
  await server.expect(200, 'PUT', '/api/v1/queues/review', { concurrency: 10 });
  await submitBatch(server, [
    { id: 'plan-release', type: 'plan', queue: 'planning', tags: ['release:2.4'] },
    { id: 'implement-login', type: 'implement', queue: 'coding', dependsOn: ['plan-release'], tags: ['release:2.4', 'area:auth'] },
    { id: 'implement-search', type: 'implement', queue: 'coding', dependsOn: ['plan-release'], tags: ['release:2.4', 'area:search'] },
    { id: 'implement-export', type: 'implement', queue: 'coding', dependsOn: ['plan-release'], tags: ['release:2.4'] },
    { id: 'review-login', type: 'review', queue: 'review', dependsOn: ['implement-login'], tags: ['release:2.4'] },
    { id: 'review-search', type: 'review', queue: 'review', dependsOn: ['implement-search'], tags: ['release:2.4'] },
    { id: 'review-export', type: 'review', queue: 'review', dependsOn: ['implement-export'], tags: ['release:2.4'] },
    { id: 'run-tests', type: 'test', queue: 'testing', dependsOn: ['review-login', 'review-search', 'review-export'], tags: ['release:2.4'] },
    { id: 'write-notes', type: 'write', queue: 'writing', dependsOn: ['plan-release'], tags: ['release:2.4'] },
    { id: 'publish-release', type: 'publish', queue: 'publishing', dependsOn: ['run-tests', 'write-notes'], tags: ['release:2.4'] },
  ]);
  const plan = await leaseOne(server, workers.ada!, long);
  await acted(server, plan, 'log', { lines: ['Read 14 issues of the milestone.', 'Three of them are one feature: login with a passkey.'] });
  await complete(server, plan, { features: ['login', 'search', 'export'], days: 3 });
  const running: Lease[] = [];
  const done = await leaseOne(server, workers.grace!, { ...long, types: ['implement'] });
  await complete(server, done, { branch: 'feature/login', files: 7 });
  for (const [name, percent, message] of [['linus', 62, 'Indexing the documents of the test corpus'], ['margaret', 18, 'Reading src/export']] as const) {
    const held = await leaseOne(server, workers[name]!, { ...long, types: ['implement'] });
    await acted(server, held, 'log', { lines: ['Cloned the repository.', 'Wrote 4 tests that fail.', `${message}.`] });
    await acted(server, held, 'progress', { percent, message });
    running.push(held);
  }
  running.push(await leaseOne(server, workers.dennis!, { ...long, types: ['write'] }));
  await submit(server, { id: 'fetch-licences', type: 'fetch', queue: 'chores', retry: { maxAttempts: 1 }, tags: ['nightly'] });
  const broken = await leaseOne(server, workers.grace!, { ...long, types: ['fetch'] });
  await acted(server, broken, 'log', { lines: ['GET https://licences.example/index.json', '503 Service Unavailable'] });
  await failed(server, broken, { error: { code: 'http_503', message: 'The licence server answers 503 since an hour.' } });
  await submitBatch(server, Array.from({ length: 24 }, (_, n) => ({ id: `check-links-${n + 1}`, type: 'check', queue: 'chores', tags: ['nightly'] })));
  return { workers, running };
}

// A steady stream of small tasks, for charts.
export async function churn(server: Server, workerId: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; ++round) {
    const tasks = await submitBatch(server, Array.from({ length: 4 + (round % 5) }, () => ({ type: 'lint', queue: 'chores' })));
    const held = await lease(server, workerId, { max: tasks.length, types: ['lint'] });
    for (const one of held) await complete(server, one);
  }
}
