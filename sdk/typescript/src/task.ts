// What the work on a task can do: say how far it is, write to its log, ask a person.
import { randomBytes } from 'node:crypto';
import { anySignal } from './abort.js';
import { Client } from './client.js';
import { askAndWait, askOnce, type Question, type QuestionOptions } from './question.js';

export interface Progress {
  /** 0 to 100. */
  percent?: number;
  message?: string;
}

export abstract class Task {
  constructor(
    readonly id: string,
    readonly type: string,
    /** Counts from 1. */
    readonly attempt: number,
    readonly lease: string,
    readonly workerId: string,
    /** What is submitted through it belongs to the trace of this attempt. */
    readonly client: Client,
  ) {}

  /** Says how far it is: a sign of life for `stallMs`, and what dashboards show. The latest counts. */
  abstract progress(progress: Progress | number, message?: string): void;
  /** Adds lines to the log of the task. */
  abstract log(text: string): void;

  /**
   * Asks a person and waits for the answer; meanwhile the task is suspended, its time stands still and its slot is free.
   * When it expires, the answer is the default, or QuestionExpired is thrown.
   */
  async ask(text: string, options: QuestionOptions = {}): Promise<string> {
    return (await this.question(text, options)).answer as string;
  }

  /** As ask(), with who answered, when, and the comment. */
  async question(text: string, options: QuestionOptions = {}): Promise<Question> {
    const { signal, release } = anySignal(options.signal, this.endSignal());
    try {
      if (options.id !== undefined) return await askOnce(this.client, this, options.id, text, options, signal);
      return await askAndWait(this.client, this, `ask.${this.lease}.${randomBytes(6).toString('hex')}`, text, options, signal);
    } finally {
      release();
    }
  }

  /** Aborts when there is no task any more to ask for. */
  protected endSignal(): AbortSignal | undefined {
    return undefined;
  }
}

/** The task that this process was started for by `arbiter worker run` or `arbiter task exec`, which renews its lease. */
class ProgramTask extends Task {
  private sending = Promise.resolve();

  progress(progress: Progress | number, message?: string): void {
    const request = { id: this.id, lease: this.lease, ...progressOf(progress, message) };
    // In order; one that cannot be sent is not worth failing for.
    this.sending = this.sending.then(() => this.client.tasks.progress(request, { retryForMs: 0 })).then(() => undefined, () => undefined);
  }

  log(text: string): void {
    process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}

export function progressOf(progress: Progress | number, message?: string): Progress {
  return typeof progress === 'number' ? { percent: progress, ...(message === undefined ? {} : { message }) } : progress;
}

/** The task that this process was started for; undefined: it was not started by a worker. Its payload is on stdin. */
export function currentTask(client = new Client(), environment: Record<string, string | undefined> = process.env): Task | undefined {
  const { ARBITER_TASK_ID: id, ARBITER_LEASE: lease, ARBITER_TASK_TYPE: type, ARBITER_ATTEMPT: attempt, ARBITER_WORKER: worker } = environment;
  if (!id || !lease) return undefined;
  return new ProgramTask(id, type ?? '', Number(attempt ?? 1), lease, worker ?? '', client);
}
