// What waits for a human: questions in the middle of a task, incidents, dead tasks; over HTTP and by the command line.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { act, complete, ended, leased, reaches, refused, submit, taskOf } from './support/api';
import { Command } from './support/process';
import { Json, Server, eventually } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const question = (id: string): Promise<Json> => server.expect(200, 'GET', `/api/v1/questions/${id}`);
const inbox = async (query = ''): Promise<Json[]> => (await server.expect(200, 'GET', `/api/v1/inbox?limit=1000&${query}`)).items;

async function asked(id: string, body: Json = {}): Promise<{ held: Json; question: Json }> {
  const held = await leased(server, { type: id, id });
  const made = await server.expect(201, 'POST', `/api/v1/tasks/${id}/ask`, { lease: held.lease, text: 'Go on?', ...body });
  return { held, question: made };
}

describe('a question', () => {
  it('suspends its task, waits in the inbox, and is answered', async () => {
    const { held, question: open } = await asked('deploy', { options: ['yes', 'no'], details: { to: 'production' } });
    assert.equal((await taskOf(server, 'deploy')).state, 'suspended');
    const [item] = (await inbox('kind=question')).filter((one) => one.taskId === 'deploy');
    assert.deepEqual([item!.item, item!.title, item!.options], [`question:${open.id}`, 'Go on?', ['yes', 'no']]);
    await server.expect(200, 'POST', `/api/v1/inbox/${encodeURIComponent(item!.item)}/assign`, { assignee: 'ada' });
    assert.equal((await inbox('assignee=ada')).length, 1);
    const waits = server.expect(200, 'GET', `/api/v1/questions/${open.id}?waitMs=20000`);
    const refusal = await refused(server, 400, 'invalid_request', 'POST', `/api/v1/questions/${open.id}/answer`, { answer: 'perhaps' }, ['answer']);
    assert.match(JSON.stringify(refusal.errors), /yes, no/);
    await server.expect(200, 'POST', `/api/v1/questions/${open.id}/answer`, { answer: 'yes', comment: 'after lunch' });
    const answered = await waits;
    assert.deepEqual([answered.state, answered.answer, answered.answeredBy, answered.comment], ['answered', 'yes', 'admin', 'after lunch']);
    assert.equal((await taskOf(server, 'deploy')).state, 'running');
    await server.expect(200, 'POST', `/api/v1/questions/${open.id}/answer`, { answer: 'yes' });
    await refused(server, 409, 'invalid_state', 'POST', `/api/v1/questions/${open.id}/answer`, { answer: 'no' });
    await complete(server, held as never, 1);
  });

  it('is the same when it is asked again, and outlives kill -9', async () => {
    const { held, question: open } = await asked('migrate', { questionId: 'may-migrate', expiresInMs: 3_600_000 });
    const again = { lease: held.lease, text: 'Go on?', questionId: 'may-migrate' };
    assert.equal((await server.expect(200, 'POST', '/api/v1/tasks/migrate/ask', again)).id, open.id);
    await refused(server, 409, 'id_conflict', 'POST', '/api/v1/tasks/migrate/ask', { ...again, text: 'Stop?' });
    await server.restart();
    assert.equal((await question('may-migrate')).state, 'open');
    await server.expect(200, 'POST', '/api/v1/questions/may-migrate/answer', { answer: 'at night' });
    assert.equal((await taskOf(server, 'migrate')).state, 'running');
  });

  it('expires with its default, and is withdrawn with its attempt', async () => {
    const { question: brief } = await asked('brief', { default: 'no', expiresInMs: 50 });
    const over = await server.expect(200, 'GET', `/api/v1/questions/${brief.id}?waitMs=20000`);
    assert.deepEqual([over.state, over.answer], ['expired', 'no']);
    const { held, question: open } = await asked('given-up');
    await act(server, held as never, 'fail', { error: { message: 'cannot' }, retryable: false });
    assert.equal((await question(open.id)).state, 'withdrawn');
    await refused(server, 409, 'invalid_state', 'POST', `/api/v1/questions/${open.id}/answer`, { answer: 'yes' });
  });

  it('names every bad field', async () => {
    const held = await leased(server, { type: 'bad', id: 'bad' });
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/bad/ask', { lease: held.lease, text: '', options: [''], colour: 'red' }, ['text', 'options[0]', 'colour']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/bad/ask', { lease: held.lease, text: 'x', options: ['a'], default: 'b' }, ['default']);
    await refused(server, 400, 'invalid_request', 'POST', '/api/v1/tasks/bad/ask', { lease: held.lease, text: 'x', details: 'y'.repeat(5_000) }, ['details']);
    await refused(server, 409, 'stale_lease', 'POST', '/api/v1/tasks/bad/ask', { lease: '1', text: 'x' });
    await refused(server, 404, 'not_found', 'GET', '/api/v1/questions/nobody');
  });
});

describe('task ask', () => {
  it('of a program under a worker waits for the answer over a restart of the server, and prints it', async () => {
    const run = Command.against(server, ['worker', 'run', '--name', 'asks', '--capability', 'ask', '--exec', 'arbiter task ask "What name?" --id name-it']);
    await submit(server, { type: 'ask', id: 'named' });
    await eventually('the question is open', async () => (await inbox('kind=question')).some((one) => one.id === 'name-it'));
    await server.restart();
    await server.expect(200, 'POST', '/api/v1/questions/name-it/answer', { answer: 'Ariadne' });
    const task = await ended(server, 'named', 30_000);
    assert.deepEqual([task.state, task.result], ['completed', 'Ariadne']);
    await run.end('SIGTERM');
  });

  it('keeps a lease that was taken by hand, and fails when nobody answers', async () => {
    const held = await leased(server, { type: 'by-hand', id: 'by-hand' });
    const ask = Command.against(server, ['task', 'ask', 'Anybody?', '--task', 'by-hand', '--lease', held.lease, '--expires', '200ms']);
    assert.equal(await ask.exited, 6);
    assert.match(ask.stderr, /Nobody answered in time/);
    assert.equal((await taskOf(server, 'by-hand')).state, 'running');
  });
});

describe('incidents', () => {
  it('are one per cause, acknowledged and resolved by somebody', async () => {
    const report = { cause: 'licences', title: 'The licence server does not answer', severity: 'critical', evidence: { port: 27000 } };
    const first = await server.expect(201, 'POST', '/api/v1/incidents', report);
    const again = await server.expect(200, 'POST', '/api/v1/incidents', report);
    assert.deepEqual([again.id, again.count, again.openedBy], [first.id, 2, 'admin']);
    assert.equal((await server.expect(200, 'POST', `/api/v1/incidents/${first.id}/acknowledge`, { comment: 'on it' })).state, 'acknowledged');
    const over = await server.expect(200, 'POST', `/api/v1/incidents/${first.id}/resolve`, {});
    assert.deepEqual([over.state, over.resolvedBy, over.comment], ['resolved', 'admin', 'on it']);
    assert.equal((await server.expect(200, 'GET', '/api/v1/incidents?state=resolved&severity=critical')).items.length, 1);
    assert.deepEqual(await inbox('kind=incident'), []);
  });

  it('open by a rule when many tasks of a queue die, which wait in the inbox themselves', async () => {
    for (let i = 0; i < 10; ++i) {
      const held = await leased(server, { type: 'doomed', queue: 'doomed', id: `doomed-${i}`, retry: { maxAttempts: 1 } });
      await act(server, held, 'fail', { error: { message: 'no compiler' } });
    }
    const [incident] = await inbox('kind=incident&queue=doomed');
    assert.match(incident!.title, /10 tasks of queue doomed died/);
    assert.equal((await inbox('kind=task&queue=doomed')).length, 10);
    await server.expect(200, 'POST', '/api/v1/tasks/doomed-0/retry');
    await server.expect(200, 'POST', '/api/v1/inbox/task:doomed-1/dismiss', { reason: 'known' });
    assert.equal((await inbox('kind=task&queue=doomed')).length, 8);
    await refused(server, 404, 'not_found', 'POST', '/api/v1/inbox/task:doomed-1/dismiss', {});
    await refused(server, 409, 'invalid_state', 'POST', `/api/v1/inbox/${encodeURIComponent(incident!.item)}/dismiss`, {});
    await server.restart();
    assert.equal((await inbox('kind=task&queue=doomed')).length, 8);
    await reaches(server, 'doomed-0', 'queued');
  });
});
