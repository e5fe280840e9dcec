// Questions of agents to people, asked with the TypeScript SDK: answered, expired, withdrawn, over restarts of the server.
import { Client, QuestionExpired, QuestionWithdrawn, TaskFailure, Worker, type Handler, type Question } from '@arbiter/sdk';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { reaches, stateOf } from './support/api.js';
import { Command } from './support/process.js';
import { installExample } from './support/sdk.js';
import { Server, eventually } from './support/server.js';

let server: Server;
let client: Client;
const workers = new Set<Worker>();
before(async () => {
  server = await Server.start();
  client = new Client({ url: server.url, token: server.token });
});
after(async () => {
  await Promise.all([...workers].map((worker) => worker.stop({ drainMs: 0 })));
  await server.stop();
});

function start(name: string, handler: Handler): Worker {
  const worker = new Worker(client, { name, capabilities: [name], handler, onRemark: () => undefined });
  workers.add(worker);
  void worker.run();
  return worker;
}

// The question that a task waits for.
function asked(taskId: string): Promise<Question> {
  return eventually(`${taskId} asks`, async () => (await client.questions.list({ state: ['open'], taskId })).items[0]);
}

describe('a task that asks', () => {
  it('is suspended, frees its slot, and goes on with the answer', async () => {
    start('asks', async (task) => {
      if (task.payload === 'other') return 'done meanwhile';
      const { answer, answeredBy, comment } = await task.question('Ship it?', { options: ['yes', 'no'], details: { diff: '+1' } });
      return { answer, answeredBy, comment };
    });
    await client.tasks.submit({ id: 'asks-1', type: 'asks' });
    const question = await asked('asks-1');
    assert.deepEqual([question.state, question.text, question.options, question.details, question.workerId], ['open', 'Ship it?', ['yes', 'no'], { diff: '+1' }, 'asks']);
    assert.equal(await stateOf(server, 'asks-1'), 'suspended');
    // The worker takes one task at a time.
    await client.tasks.submit({ id: 'asks-2', type: 'asks', payload: 'other' });
    assert.equal((await client.waitForTask('asks-2')).result, 'done meanwhile');
    await client.questions.answer({ id: question.id, answer: 'yes', comment: 'looks good' });
    assert.deepEqual((await client.waitForTask('asks-1')).result, { answer: 'yes', answeredBy: 'admin', comment: 'looks good' });
  });

  it('goes on with the default when nobody answers in time, and fails when there is none', async () => {
    start('expires', (task) => task.ask('Anybody?', { expiresInMs: 100, ...(task.payload === 'default' ? { default: 'nobody' } : {}) }).catch((error: unknown) => {
      assert.ok(error instanceof QuestionExpired);
      throw new TaskFailure(error.message, { code: 'no_answer', retryable: false });
    }));
    await client.tasks.submit({ id: 'expires-1', type: 'expires', payload: 'default' });
    await client.tasks.submit({ id: 'expires-2', type: 'expires' });
    assert.equal((await client.waitForTask('expires-1')).result, 'nobody');
    const failed = await client.waitForTask('expires-2');
    assert.deepEqual([failed.state, failed.error], ['failed', { message: 'Nobody answered in time: Anybody?', code: 'no_answer' }]);
  });

  it('hears that its task was cancelled', async () => {
    let heard: unknown;
    start('withdraws', (task) => task.ask('Still there?').catch((error: unknown) => {
      heard = error;
      throw error;
    }));
    await client.tasks.submit({ id: 'withdraws-1', type: 'withdraws' });
    const question = await asked('withdraws-1');
    await client.tasks.cancel({ id: 'withdraws-1' });
    assert.equal((await client.waitForTask('withdraws-1')).state, 'cancelled');
    await eventually('the handler has heard', async () => heard !== undefined);
    assert.ok(heard instanceof QuestionWithdrawn || (heard as Error).name === 'TaskCancelled', String(heard));
    assert.equal((await client.questions.get({ id: question.id })).state, 'withdrawn');
  });

  it('gets its answer over restarts of the server', async () => {
    start('restarts', (task) => task.ask('Are you back?'));
    await client.tasks.submit({ id: 'restarts-1', type: 'restarts' });
    const question = await asked('restarts-1');
    await server.restart();
    await server.terminate();
    await server.start();
    await client.questions.answer({ id: question.id, answer: 'for good' });
    const task = await client.waitForTask('restarts-1');
    assert.deepEqual([task.state, task.result, task.attempt], ['completed', 'for good', 1]);
    assert.equal((await client.questions.list({ taskId: 'restarts-1' })).items.length, 1);
  });

  it('that names its question gets the answer that an earlier attempt was given', async () => {
    start('names', async (task) => {
      const answer = await task.ask('Which colour?', { id: `${task.id}.colour` });
      if (task.attempt === 1) throw new Error('after the answer');
      return answer;
    });
    await client.tasks.submit({ id: 'names-1', type: 'names', retry: { backoffMs: 10 } });
    const question = await asked('names-1');
    assert.equal(question.id, 'names-1.colour');
    await client.questions.answer({ id: question.id, answer: 'blue' });
    const task = await client.waitForTask('names-1');
    assert.deepEqual([task.result, task.attempt], ['blue', 2]);
    assert.equal((await client.questions.list({ taskId: 'names-1' })).items.length, 1);
  });
});

describe('the example first-agent', () => {
  it('reviews files, asks about long lines, and ends when it is told to', async () => {
    const directory = installExample('first-agent');
    const command = Command.program(server, process.execPath, ['first-agent/agent.mjs', 'example'], { cwd: directory });
    writeFileSync(join(directory, 'short.txt'), 'one\ntwo\n');
    writeFileSync(join(directory, 'long.txt'), `one\n${'x'.repeat(90)}\n`);
    await client.tasks.submit({ id: 'short', type: 'review', payload: { path: 'short.txt' } });
    await client.tasks.submit({ id: 'long', type: 'review', payload: { path: 'long.txt', columns: 80 } });
    await client.tasks.submit({ id: 'none', type: 'review', payload: { path: 'none.txt' } });
    assert.deepEqual((await client.waitForTask('short')).result, { verdict: 'accept', lines: [] });
    assert.deepEqual([(await client.waitForTask('none')).error?.code, (await client.tasks.get({ id: 'none' })).attempt], ['no_file', 1]);
    const question = await asked('long');
    assert.deepEqual([question.text, question.default, question.details], ['Lines over 80 columns in long.txt: 1. What now?', 'reject', { lines: [2] }]);
    await reaches(server, 'long', 'suspended');
    await client.questions.answer({ id: question.id, answer: 'accept' });
    assert.deepEqual((await client.waitForTask('long')).result, { verdict: 'accept', lines: [2] });
    assert.equal(await command.end('SIGTERM'), 0, command.stderr);
    await assert.rejects(client.workers.get({ id: 'example' }), { code: 'unknown_worker' });
  });
});
