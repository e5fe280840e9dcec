// What waits for a human, and a human who does something about it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { failed, leased, reaches, submit, taskOf } from '../e2e/support/api';
import { Json, Server, eventually } from '../e2e/support/server';
import { closeBrowser, Visit } from './support/browser';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(async () => {
  await closeBrowser();
  await server.stop();
});

async function ask(task: string, question: Json): Promise<string> {
  const held = await leased(server, { id: task, type: task }, { leaseMs: 600_000 });
  return (await server.expect(201, 'POST', `/api/v1/tasks/${task}/ask`, { lease: held.lease, ...question })).id;
}
const questionOf = (id: string) => server.expect(200, 'GET', `/api/v1/questions/${encodeURIComponent(id)}`);
const card = (visit: Visit, name: string | RegExp) => visit.page.getByRole('article', { name });

describe('the inbox', () => {
  it('shows a question as it is asked, takes one of its options, and lets the task go on', async () => {
    const visit = await Visit.signedIn(server, 'inbox');
    await visit.page.getByText('Nothing waits for a human.').waitFor();
    const id = await ask('release', { text: 'Ship it today?', options: ['Yes', 'No, tomorrow'], default: 'No, tomorrow', details: { failing: 0 } });
    const question = card(visit, /Ship it today/);
    await question.getByText('"failing": 0').waitFor();
    assert.equal((await taskOf(server, 'release')).state, 'suspended');
    await question.getByRole('button', { name: 'Yes' }).click();
    await question.waitFor({ state: 'detached' });
    await visit.page.getByRole('status').filter({ hasText: 'Answered: Yes' }).waitFor();
    const answered = await questionOf(id);
    assert.deepEqual([answered.state, answered.answer, answered.answeredBy], ['answered', 'Yes', 'admin']);
    await reaches(server, 'release', 'running');
    await visit.close();
  });

  it('takes an answer in words with a comment, and keeps what is typed while other things come', async () => {
    const visit = await Visit.signedIn(server, 'inbox');
    const id = await ask('export', { text: 'Which columns?' });
    const question = card(visit, /Which columns/);
    await question.getByLabel('Answer').fill('name, date');
    await question.getByRole('button', { name: 'Add a comment' }).click();
    await question.getByLabel(/Comment/).fill('as in the old export');
    await ask('other', { text: 'Something else?' });
    await card(visit, /Something else/).waitFor();
    await question.getByRole('button', { name: 'Answer', exact: true }).click();
    await question.waitFor({ state: 'detached' });
    const answered = await questionOf(id);
    assert.deepEqual([answered.answer, answered.comment], ['name, date', 'as in the old export']);
    await visit.close();
  });

  it('gives a question to somebody, and shows whose it is', async () => {
    await ask('shared', { text: 'Who knows?' });
    const visit = await Visit.signedIn(server, 'inbox');
    const question = card(visit, /Who knows/);
    await question.getByRole('button', { name: 'Take it' }).click();
    await question.getByText('with me').waitFor();
    await question.getByRole('button', { name: 'Assign' }).click();
    await question.getByLabel(/Assign to/).fill('grace');
    await question.getByRole('button', { name: 'Assign', exact: true }).click();
    await question.getByText('with grace').waitFor();
    await visit.page.getByLabel('Whose').selectOption('me');
    await question.waitFor({ state: 'detached' });
    await visit.close();
  });

  it('says what the server says when an answer comes too late', async () => {
    const id = await ask('late', { text: 'In time?', options: ['Yes'] });
    const visit = await Visit.signedIn(server, 'inbox');
    const question = card(visit, /In time/);
    await question.getByRole('button', { name: 'Yes' }).waitFor();
    // Somebody else is quicker, and this browser has not heard of it.
    await visit.page.route('**/api/v1/inbox?*', (route) => route.abort());
    await server.expect(200, 'POST', '/api/v1/tasks/late/cancel');
    await eventually('the question is withdrawn', async () => (await questionOf(id)).state !== 'open');
    await question.getByRole('button', { name: 'Yes' }).click();
    await question.getByRole('alert').filter({ hasText: /./ }).waitFor();
    await visit.page.unroute('**/api/v1/inbox?*');
    await visit.close();
  });

  it('acknowledges and resolves an incident', async () => {
    const { id } = await server.expect(201, 'POST', '/api/v1/incidents', { cause: 'disk', title: 'The disk is nearly full', severity: 'critical', evidence: { free: 17 } });
    const visit = await Visit.signedIn(server, 'inbox');
    const incident = card(visit, /nearly full/);
    await incident.getByText('"free": 17').waitFor();
    await incident.getByRole('button', { name: 'Acknowledge' }).click();
    await incident.getByText(/acknowledged by admin/).waitFor();
    await incident.getByLabel('Comment').fill('deleted old builds');
    await incident.getByRole('button', { name: 'Resolve' }).click();
    await incident.waitFor({ state: 'detached' });
    const resolved = await server.expect(200, 'GET', `/api/v1/incidents/${id}`);
    assert.deepEqual([resolved.state, resolved.resolvedBy, resolved.comment], ['resolved', 'admin', 'deleted old builds']);
    await visit.close();
  });

  it('gives a dead task fresh attempts, or lets it rest', async () => {
    for (const id of ['dead-1', 'dead-2']) {
      const held = await leased(server, { id, type: id, retry: { maxAttempts: 1 } });
      await failed(server, held, { error: { message: `${id} broke` } });
    }
    const visit = await Visit.signedIn(server, 'inbox?kind=task');
    const dead = (id: string) => visit.page.getByRole('article').filter({ hasText: id });
    await dead('dead-1').getByText('dead-1 broke').waitFor();
    await dead('dead-1').getByRole('button', { name: 'Retry' }).click();
    await dead('dead-1').waitFor({ state: 'detached' });
    assert.equal((await taskOf(server, 'dead-1')).state, 'queued');
    await dead('dead-2').getByRole('button', { name: 'Dismiss' }).click();
    await dead('dead-2').waitFor({ state: 'detached' });
    assert.equal((await taskOf(server, 'dead-2')).state, 'failed');
    await visit.close();
  });

  it('tells in the title and the navigation how much waits', async () => {
    const visit = await Visit.signedIn(server);
    const open = (await server.expect(200, 'GET', '/api/v1/inbox')).open;
    const waiting = open.questions + open.incidents + open.deadTasks;
    await eventually('the title tells it', async () => (await visit.page.title()) === `(${waiting}) Overview · Arbiter`);
    await submit(server, { id: 'quiet', type: 'quiet' });
    await visit.page.getByRole('link', { name: new RegExp(`Inbox.*${waiting}`) }).first().waitFor();
    await visit.close();
  });
});
