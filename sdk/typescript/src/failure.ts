// How work ends other than with a result: what handlers throw, and what their signals abort with.
import { ArbiterError } from './error.js';
import { pieces, wellFormed } from './text.js';

/** Thrown by a handler: this attempt has failed. Any other error fails it too, and the task's retry policy decides. */
export class TaskFailure extends Error {
  readonly code: string;
  /** False: no further attempt can help. */
  readonly retryable: boolean;
  /** JSON, kept with the error of the task. */
  readonly details: unknown;

  constructor(message: string, options: { code?: string; retryable?: boolean; details?: unknown; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TaskFailure';
    this.code = options.code ?? 'failed';
    this.retryable = options.retryable ?? true;
    this.details = options.details;
  }
}

/** The task was cancelled: the handler stops, and what it throws then ends the task as cancelled. */
export class TaskCancelled extends Error {
  override readonly name = 'TaskCancelled';
  constructor(taskId: string) {
    super(`Task ${taskId} was cancelled.`);
  }
}

/** The lease is not ours any more (time-out, lost contact, another session): nothing that the handler does counts. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  constructor(taskId: string) {
    super(`The lease of task ${taskId} is lost.`);
  }
}

/** The worker stops and hands the task back, uncounted. */
export class WorkerStopping extends Error {
  override readonly name = 'WorkerStopping';
  constructor() {
    super('The worker stops; its tasks go back to their queues.');
  }
}

// What becomes of an attempt whose handler threw `error`.
export function describeFailure(error: unknown): { message: string; code: string; retryable: boolean; details: unknown } {
  if (error instanceof TaskFailure) return { message: cut(error.message), code: codeText(error.code), retryable: error.retryable, details: asJson(error.details) };
  if (error instanceof ArbiterError) return { message: cut(error.message), code: error.code, retryable: true, details: undefined };
  if (error instanceof Error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { message: cut(error.message || error.name), code: codeText(typeof code === 'string' ? code : error.name === 'Error' ? 'failed' : error.name), retryable: true, details: undefined };
  }
  return { message: cut(String(error)), code: 'failed', retryable: true, details: undefined };
}

const MESSAGE_LENGTH_MAX = 2_000; // The server takes 8 KiB; a character has at most 4 bytes.
const CODE_LENGTH_MAX = 32;
const cut = (text: string): string => wellFormed(pieces(text, MESSAGE_LENGTH_MAX)[0]!);
const codeText = (text: string): string => wellFormed(pieces(text, CODE_LENGTH_MAX)[0]!) || 'failed';

function asJson(details: unknown): unknown {
  try {
    JSON.stringify(details);
    return details;
  } catch {
    return '[these details are not JSON]';
  }
}
