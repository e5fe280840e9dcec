// The words in which tests speak to a server: one function per thing that a client does. Each asserts the status that
// the contract gives for it; refusals are checked with problem().
import assert from 'node:assert/strict';
import { Answer, CallOptions, Json, Server, eventually } from './server';

export const ENDED = ['completed', 'failed', 'cancelled'];

export interface Lease {
  task: Json;
  lease: string;
  attempt: number;
  expiresAt: string;
}

// A refusal: a problem document with this status and code that names exactly these fields.
export function problem(answer: Answer, status: number, code: string, ...fields: string[]): Json {
  const what = `answered ${answer.status}: ${answer.text.slice(0, 2_000)}`;
  assert.equal(answer.status, status, what);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what);
  assert.ok(answer.body, what);
  assert.equal(answer.body.code, code, what);
  assert.equal(answer.body.status, status, what);
  assert.equal(typeof answer.body.title, 'string', what);
  if (fields.length > 0) {
    assert.deepEqual(answer.body.errors?.map((e: Json) => e.field).sort(), [...fields].sort(), what);
    for (const error of answer.body.errors) assert.ok(error.message.length > 0, what);
  }
  return answer.body;
}

export async function refused(
  server: Server, status: number, code: string, method: string, path: string, body?: Json, fields: string[] = [],
  options?: CallOptions,
): Promise<Json> {
  return problem(await server.call(method, path, body, options), status, code, ...fields);
}

// ---- tasks ------------------------------------------------------------------------------------------------------

export function submit(server: Server, task: Json): Promise<Json> {
  return server.expect(201, 'POST', '/api/v1/tasks', task);
}

export async function submitBatch(server: Server, tasks: Json[]): Promise<Json[]> {
  return (await server.expect(201, 'POST', '/api/v1/tasks/batch', { tasks })).tasks;
}

export function taskOf(server: Server, id: string): Promise<Json> {
  return server.expect(200, 'GET', `/api/v1/tasks/${encodeURIComponent(id)}`);
}

export async function stateOf(server: Server, id: string): Promise<string> {
  return (await taskOf(server, id)).state;
}

// The task once it has ended.
export async function ended(server: Server, id: string, waitMs = 20_000): Promise<Json> {
  const task = await server.expect(200, 'GET', `/api/v1/tasks/${encodeURIComponent(id)}?waitMs=${waitMs}`);
  assert.ok(ENDED.includes(task.state), `task ${id} is ${task.state} after ${waitMs} ms`);
  return task;
}

export function reaches(server: Server, id: string, state: string, msMax?: number): Promise<Json> {
  return eventually(`task ${id} is ${state}`, async () => {
    const task = await taskOf(server, id);
    return task.state === state && task;
  }, msMax);
}

export async function historyOf(server: Server, id: string): Promise<Json[]> {
  return (await server.expect(200, 'GET', `/api/v1/tasks/${encodeURIComponent(id)}/history`)).items;
}

// Every item of a paged list, asking for `limit` at a time.
export async function everyItem(server: Server, path: string, limit = 1_000): Promise<Json[]> {
  const items: Json[] = [];
  let cursor = '';
  for (;;) {
    const page = await server.expect(200, 'GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`);
    assert.ok(page.items.length <= limit, `${page.items.length} items where ${limit} were asked for`);
    items.push(...page.items);
    if (page.nextCursor === undefined || page.nextCursor === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

// ---- workers and leases -----------------------------------------------------------------------------------------

// Registers a worker that can do tasks of type `name` unless told otherwise, and returns its id.
export async function worker(server: Server, name: string, definition: Json = {}): Promise<string> {
  const answer = await server.call('POST', '/api/v1/workers', { name, capabilities: [name], maxConcurrent: 1_000, ...definition });
  assert.ok(answer.status === 201 || answer.status === 200, `register answered ${answer.status}: ${answer.text}`);
  return answer.body.id;
}

export async function lease(server: Server, workerId: string, options: Json = {}): Promise<Lease[]> {
  return (await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId, ...options })).leases;
}

export async function leaseOne(server: Server, workerId: string, options: Json = {}): Promise<Lease> {
  const leases = await lease(server, workerId, { max: 1, waitMs: 10_000, ...options });
  assert.equal(leases.length, 1, `worker ${workerId} got no task`);
  return leases[0]!;
}

// One verb under a lease: start, progress, log, complete, fail, release, extend.
export function act(server: Server, held: Lease, verb: string, body: Json = {}): Promise<Answer> {
  return server.call('POST', `/api/v1/tasks/${encodeURIComponent(held.task.id)}/${verb}`, { lease: held.lease, ...body });
}

export async function acted(server: Server, held: Lease, verb: string, body: Json = {}): Promise<Json> {
  const answer = await act(server, held, verb, body);
  assert.equal(answer.status, 200, `${verb} answered ${answer.status}: ${answer.text}`);
  return answer.body;
}

export function complete(server: Server, held: Lease, result?: Json): Promise<Json> {
  return acted(server, held, 'complete', result === undefined ? {} : { result });
}

export function failed(server: Server, held: Lease, more: Json = {}): Promise<Json> {
  return acted(server, held, 'fail', { error: { message: 'it broke' }, ...more });
}

// Submits a task and puts it into the hands of a worker that gets nothing else.
export async function leased(server: Server, task: Json, options: Json = {}): Promise<Lease> {
  const workerId = await worker(server, task.type);
  await submit(server, task);
  return leaseOne(server, workerId, options);
}

// ---- events -----------------------------------------------------------------------------------------------------

// The events after `after`, by pages, to the present end.
export async function eventsAfter(server: Server, after = 0, query = ''): Promise<Json[]> {
  const events: Json[] = [];
  for (;;) {
    const page = await server.expect(200, 'GET', `/api/v1/events?after=${after}&limit=1000${query}`);
    events.push(...page.items);
    if (page.nextCursor === undefined) return events;
    after = Number(page.nextCursor);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
