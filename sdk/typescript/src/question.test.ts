import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client } from './client.js';
import { QuestionExpired, QuestionWithdrawn } from './question.js';
import { currentTask, type Task } from './task.js';
import { cut, json, problem, ScriptedServer, silence, type Script } from './testing/scripted_server.js';

const question = (state: string, more: object = {}): object => ({ id: 'q', state, text: 'Ship it?', options: [], taskId: 't', ...more });
const again = { 'Retry-After': '0' };

async function withTask(scripts: Script[], story: (task: Task, server: ScriptedServer) => Promise<void>): Promise<void> {
  const server = await ScriptedServer.start(...scripts);
  const client = new Client({ url: server.url, token: '' });
  const task = currentTask(client, { ARBITER_TASK_ID: 't', ARBITER_LEASE: '17', ARBITER_TASK_TYPE: 'ship', ARBITER_ATTEMPT: '2', ARBITER_WORKER: 'w' });
  assert.ok(task);
  try {
    await story(task, server);
  } finally {
    client.close();
    await server.stop();
  }
}

describe('a question', () => {
  it('is asked once and waited for, whatever happens to the server', () =>
    withTask([problem(503, 'shutting_down', again), json(question('open'), 201), json(question('open')), cut('{'), json(question('answered', { answer: 'yes', answeredBy: 'ada', comment: 'fine' }))], async (task, server) => {
      const answered = await task.question('Ship it?', { options: ['yes', 'no'], default: 'no', expiresInMs: 5, details: { n: 1 } });
      assert.deepEqual([answered.answer, answered.answeredBy, answered.comment], ['yes', 'ada', 'fine']);
      const [first, second, ...waits] = server.asked;
      const { questionId, ...body } = first!.body as { questionId: string };
      assert.deepEqual(body, { lease: '17', text: 'Ship it?', options: ['yes', 'no'], default: 'no', expiresInMs: 5, details: { n: 1 } });
      assert.match(questionId, /^ask\.17\.[0-9a-f]{12}$/);
      assert.deepEqual([second!.path, (second!.body as { questionId: string }).questionId], ['/api/v1/tasks/t/ask', questionId]);
      assert.deepEqual(waits.map(({ path }) => path), Array.from({ length: 3 }, () => '/api/v1/questions/q?waitMs=30000'));
    }));

  it('that was answered before is not waited for', () =>
    withTask([json(question('answered', { answer: 'blue' }))], async (task, server) => {
      assert.equal(await task.ask('Which colour?', { id: 'colour' }), 'blue');
      assert.deepEqual(server.asked.map(({ body }) => body), [{ lease: '17', text: 'Which colour?', questionId: 'colour' }]);
    }));

  it('that has a name is asked once for all attempts, and anew when nobody has answered', () =>
    withTask([problem(409, 'id_conflict'), json(question('withdrawn')), problem(409, 'id_conflict'), json(question('answered', { answer: 'yes' }))], async (task, server) => {
      assert.equal(await task.ask('Ship it?', { id: 't.ship' }), 'yes');
      assert.deepEqual(server.asked.map(({ path, body }) => [path, (body as { questionId?: string } | undefined)?.questionId]), [
        ['/api/v1/tasks/t/ask', 't.ship'], ['/api/v1/questions/t.ship?waitMs=0', undefined], ['/api/v1/tasks/t/ask', 't.ship.2'], ['/api/v1/questions/t.ship.2?waitMs=0', undefined],
      ]);
    }));

  it('under a name that another has is refused', () =>
    withTask([problem(409, 'id_conflict'), json(question('answered', { answer: 'yes', text: 'Stop?' }))], async (task) => {
      await assert.rejects(task.ask('Ship it?', { id: 't.ship' }), { code: 'id_conflict' });
    }));

  it('without an answer in time has its default, or is an error', () =>
    withTask([json(question('expired', { answer: 'no' })), json(question('expired'))], async (task) => {
      assert.equal(await task.ask('Ship it?', { default: 'no' }), 'no');
      await assert.rejects(task.ask('Ship it?'), (error: unknown) => error instanceof QuestionExpired && error.question.state === 'expired');
    }));

  it('that is withdrawn says why', () =>
    withTask([json(question('open')), json(question('withdrawn', { reason: 'task_cancelled' }))], async (task) => {
      await assert.rejects(task.ask('Ship it?'), (error: unknown) => error instanceof QuestionWithdrawn && /task_cancelled/.test(error.message));
    }));

  it('is refused, or given up, like any call', () =>
    withTask([problem(409, 'stale_lease'), json(question('open')), silence], async (task, server) => {
      await assert.rejects(task.ask('Ship it?'), { code: 'stale_lease' });
      const controller = new AbortController();
      const reason = new Error('enough');
      const asking = assert.rejects(task.ask('Ship it?', { signal: controller.signal }), reason);
      await server.until(3);
      controller.abort(reason);
      await asking;
    }));
});

describe('the task of a program', () => {
  it('is there when a worker has started the program', () =>
    withTask([json({})], async (task) => {
      assert.deepEqual([task.id, task.type, task.attempt, task.lease, task.workerId], ['t', 'ship', 2, '17', 'w']);
      assert.equal(currentTask(task.client, { ARBITER_TASK_ID: 't' }), undefined);
    }));

  it('tells its progress in order', () =>
    withTask([problem(503, 'overloaded', again), json({})], async (task, server) => {
      task.progress(10);
      task.progress(20, 'further');
      task.progress({ message: 'last' });
      await server.until(3);
      assert.deepEqual(server.asked.map(({ body }) => body), [{ lease: '17', percent: 10 }, { lease: '17', percent: 20, message: 'further' }, { lease: '17', message: 'last' }]);
    }));
});
