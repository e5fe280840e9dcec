// Questions of a task to a person.
import type { Client } from './client.js';
import { ArbiterError } from './error.js';
import type { Schemas } from './operation.js';

const WAIT_MS = 30_000; // of one of many waits for the same answer
const REPETITIONS_MAX = 100; // of one question, by as many attempts

export type Question = Schemas['QuestionView'];

export interface QuestionOptions {
  /** What may be answered; else anything. */
  options?: string[];
  /** The answer when nobody gives one before it expires. */
  default?: string;
  /** What the person should see beside the text: any JSON. */
  details?: unknown;
  /** Not given: it waits until somebody answers or the task ends. */
  expiresInMs?: number;
  /**
   * Names the question, so that another attempt of the task, which asks the same again, gets the answer that was given
   * already. Else each question is a new one. Unique in its namespace: begin it with the task's id.
   */
  id?: string;
  /** Gives the wait up; the question stays. */
  signal?: AbortSignal;
}

/** Nobody answered in time, and there is no default. */
export class QuestionExpired extends Error {
  override readonly name = 'QuestionExpired';
  constructor(readonly question: Question) {
    super(`Nobody answered in time: ${question.text}`);
  }
}

/** The task was over, or somebody took the question back, before it was answered. */
export class QuestionWithdrawn extends Error {
  override readonly name = 'QuestionWithdrawn';
  constructor(readonly question: Question) {
    super(`The question was withdrawn${question.reason === undefined ? '' : ` (${question.reason})`}: ${question.text}`);
  }
}

/** Asks under `questionId` and waits, over restarts of the server. Both requests are safe to repeat. */
export async function askAndWait(client: Client, task: Asking, questionId: string, text: string, options: QuestionOptions, signal: AbortSignal | undefined): Promise<Question> {
  let question = await ask(client, task, questionId, text, options, signal);
  while (question.state === 'open') question = await get(client, question.id, signal, WAIT_MS);
  if (question.state === 'withdrawn') throw new QuestionWithdrawn(question);
  if (question.answer === undefined) throw new QuestionExpired(question);
  return question;
}

/**
 * As askAndWait(), but when the task has asked the same in an earlier attempt, what was answered then counts. A question
 * that ended without an answer keeps its id, so it is asked anew under `NAME.2` and so on.
 */
export async function askOnce(client: Client, task: Asking, name: string, text: string, options: QuestionOptions, signal: AbortSignal | undefined): Promise<Question> {
  for (let n = 1; ; n++) {
    const questionId = n === 1 ? name : `${name}.${n}`;
    try {
      return await askAndWait(client, task, questionId, text, options, signal);
    } catch (error) {
      if (!(error instanceof ArbiterError) || error.code !== 'id_conflict') throw error;
      const known = await get(client, questionId, signal);
      if (known.taskId !== task.id || known.text !== text || n === REPETITIONS_MAX) throw error;
      if (known.answer !== undefined) return known;
    }
  }
}

interface Asking {
  id: string;
  lease: string;
}

function ask(client: Client, task: Asking, questionId: string, text: string, options: QuestionOptions, signal: AbortSignal | undefined): Promise<Question> {
  const { options: choices, default: fallback, details, expiresInMs } = options;
  const request = { id: task.id, lease: task.lease, questionId, text, ...withoutUndefined({ options: choices, default: fallback, details, expiresInMs }) };
  return client.persist(() => client.tasks.ask(request, { signal, retryForMs: 0 }), signal);
}

function get(client: Client, id: string, signal: AbortSignal | undefined, waitMs = 0): Promise<Question> {
  return client.persist(() => client.questions.get({ id, waitMs }, { signal, retryForMs: 0 }), signal);
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
