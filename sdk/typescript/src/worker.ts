// The worker loop: takes tasks, runs a handler for each, renews their leases, and reports how they ended.
import { backoffMs, pause } from './abort.js';
import type { Client } from './client.js';
import { ArbiterError } from './error.js';
import { describeFailure, LeaseLost, TaskCancelled, WorkerStopping } from './failure.js';
import { LeasedTask, type Leased } from './leased_task.js';
import type { Schemas } from './operation.js';
import { Outbox, type Report } from './outbox.js';
import { isFatal, Session } from './session.js';

const LEASE_WAIT_MS = 20_000;
const LEASE_MS = 30_000; // the server's, when nobody says another
const PULSE_WAIT_MS = 8_000; // below the interval of 10 s; less where leases are short
const REPEATED_NEWS_MS = 500; // A cancellation is told again and again until its handler has ended.
const DRAIN_MS = 30_000;
const GRACE_MS = 5_000; // for handlers whose signal has aborted
const FLUSH_MS = 5_000;
const LEAVE_MS = 2_000;
const LEASE_MAX = 1_000; // per request

export type Handler = (task: LeasedTask) => unknown;

export interface WorkerOptions {
  /** Its name, and its id: a newer worker of the same name takes over. */
  name: string;
  /** Which types of task it can do; `*`: any. */
  capabilities: string[];
  /** What it returns is the result (JSON); what it throws fails the attempt. */
  handler: Handler;
  /** How many at a time (1). */
  maxConcurrent?: number;
  /** Only from these queues. */
  queues?: string[];
  /** Of what it can do, only these types. */
  types?: string[];
  languages?: string[];
  labels?: Record<string, string>;
  location?: string;
  /** How long a lease lasts without a heartbeat (30 s). */
  leaseMs?: number;
  /** The server drains it once it had no task for so long. */
  idleMs?: number;
  /** Hands the tasks of a dead predecessor of this name back, instead of counting a lost attempt. */
  releaseInherited?: boolean;
  /** Where remarks for the operator go (stderr). */
  onRemark?: (text: string) => void;
}

export class Worker {
  private readonly session: Session;
  private readonly outbox: { current?: Outbox } = {};
  private readonly stopLeasing = new AbortController();
  private readonly stopPulse = new AbortController();
  private readonly changed = new Set<() => void>();
  private draining = false;
  private over = false;
  private handBackAt: ReturnType<typeof setTimeout> | undefined;
  private away = false;
  private failure: unknown;
  private running: Promise<void> | undefined;

  constructor(private readonly client: Client, private readonly options: WorkerOptions) {
    const { name, capabilities, queues, languages, labels, location, idleMs } = options;
    const registration = {
      name, capabilities, maxConcurrent: options.maxConcurrent ?? 1,
      ...(queues && { queues }), ...(languages && { languages }), ...(labels && { labels }), ...(location && { location }), ...(idleMs && { idleMs }),
    };
    this.session = new Session(client, registration, (lease) => this.settleInherited(lease));
  }

  /**
   * Works until stop(), until `signal` aborts (as stop()), or until the server drains this worker. Rejects when it cannot
   * begin, when its token is refused, or when another worker takes its name (`session_replaced`).
   */
  run(signal?: AbortSignal): Promise<void> {
    if (this.running !== undefined) throw new Error('This worker runs or has run; make another one.');
    return (this.running = this.work(signal));
  }

  /**
   * Takes no more tasks, waits for those in hand, and ends run(). After `drainMs` (30 s) their signals abort and they go
   * back to their queues, uncounted. A second call may shorten that: `stop({ drainMs: 0 })`.
   */
  async stop(options: { drainMs?: number } = {}): Promise<void> {
    if (!this.over) this.drain('stopping', options.drainMs ?? DRAIN_MS);
    await this.running?.catch(() => undefined);
  }

  private async work(signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => this.drain('stopping', DRAIN_MS);
    if (signal?.aborted) return;
    signal?.addEventListener('abort', stop, { once: true });
    this.outbox.current = new Outbox(this.session, {
      recover: (error, seen, failures, until) => this.recover(error, seen, failures, until),
      onAnswer: (answer) => this.hear(answer),
      onCancelled: (lease) => this.cancel(lease),
      onLost: (lease) => this.lose(lease),
      onReported: (lease) => this.forget(lease),
      remark: (text) => this.remark(text),
    });
    try {
      await this.session.open(undefined, this.stopLeasing.signal);
      this.remark(`ready: ${this.session.registration.maxConcurrent} at a time, from ${this.client.url}`);
      const pulse = this.pulse();
      await this.feed();
      await this.until(() => this.idle);
      await this.close();
      await pulse;
    } catch (error) {
      if (!this.stopLeasing.signal.aborted) this.fail(error); // Else it was stopped while it registered.
      await this.close();
    } finally {
      signal?.removeEventListener('abort', stop);
      clearTimeout(this.handBackAt);
      this.over = true;
    }
    if (this.failure !== undefined) throw this.failure;
  }

  // Nothing is in the hands of a handler.
  private get idle(): boolean {
    return [...this.session.tasks.values()].every((task) => task.settled);
  }

  private async close(): Promise<void> {
    const sent = await this.outbox.current!.close(this.failure === undefined ? FLUSH_MS : 0);
    if (!sent) this.remark('some outcomes could not be sent; the server will run those tasks again');
    this.stopPulse.abort();
    if (this.failure !== undefined || this.session.number === undefined) return;
    await this.client.workers.deregister({ id: this.session.workerId }, { timeoutMs: LEAVE_MS, retryForMs: 0 }).catch(() => undefined);
  }

  // ---- the ways in ----------------------------------------------------------------------------------------------------

  private async feed(): Promise<void> {
    const { signal } = this.stopLeasing;
    const { types, leaseMs } = this.options;
    for (let failures = 0; !signal.aborted; ) {
      await this.until(() => this.session.freeSlots() > 0 || signal.aborted);
      if (signal.aborted) return;
      const seen = this.session.number;
      const request = {
        workerId: this.session.workerId, max: Math.min(this.session.freeSlots(), LEASE_MAX), waitMs: LEASE_WAIT_MS,
        ...(types && { types }), ...(leaseMs && { leaseMs }), ...(seen !== undefined && { session: seen }),
      };
      try {
        const answer = await this.client.tasks.lease(request, { signal, retryForMs: 0 });
        failures = 0;
        this.hear(answer);
        for (const leased of answer.leases) this.begin(leased);
      } catch (error) {
        if (signal.aborted) return;
        if (!(await this.recover(error, seen, failures++, signal))) return;
      }
    }
  }

  private async pulse(): Promise<void> {
    const { signal } = this.stopPulse;
    const waitMs = Math.min(PULSE_WAIT_MS, Math.floor((this.options.leaseMs ?? LEASE_MS) / 3));
    for (let failures = 0; !signal.aborted; ) {
      const seen = this.session.number;
      const request = {
        id: this.session.workerId, waitMs, leases: [...this.session.tasks.keys()], suspended: [...this.session.suspended],
        ...(seen !== undefined && { session: seen }),
      };
      try {
        const answer = await this.client.workers.heartbeat(request, { signal, retryForMs: 0 });
        failures = 0;
        this.hear(answer);
        for (const { lease } of answer.lost) this.lose(lease);
        this.noteSuspended(answer.suspended);
        if (answer.cancellations.length + answer.lost.length > 0 || answer.drain) await pause(REPEATED_NEWS_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(await this.recover(error, seen, failures++, signal))) return;
      }
    }
  }

  // What every answer may carry.
  private hear(answer: { cancellations: Schemas['Cancellation'][]; drain: boolean }): void {
    if (this.away) this.remark('the server is back');
    this.away = false;
    for (const { lease } of answer.cancellations) this.cancel(lease);
    if (answer.drain && !this.draining) this.drain('the server drains this worker', undefined);
  }

  // What the server says is all there is: tasks that it does not name go on.
  private noteSuspended(leases: Schemas['SuspendedLease'][]): void {
    const known = leases.filter(({ lease }) => this.session.tasks.has(lease));
    this.session.suspended = new Set(known.map(({ lease }) => lease));
    const stopped = new Set(known.filter(({ stop }) => stop).map(({ lease }) => lease));
    for (const task of this.session.tasks.values()) task.standStill(stopped.has(task.lease));
    this.wake();
  }

  // Deals with a failed request, and pauses; true: try again.
  private async recover(error: unknown, seen: number | undefined, failures: number, signal: AbortSignal): Promise<boolean> {
    if (this.failure !== undefined) return false;
    if (isFatal(error)) {
      this.fail(error);
      return false;
    }
    const known = error as ArbiterError;
    try {
      if (known.code === 'unknown_worker') {
        await this.session.open(seen, signal);
        this.remark('registered again: the server did not know this worker any more');
        return true;
      }
    } catch (again) {
      if (signal.aborted) return false;
      if (isFatal(again)) return this.fail(again), false;
    }
    if (!this.away) this.remark(`the server is away; retrying (${known.message})`);
    this.away = true;
    await pause(backoffMs(failures, known.retryAfterMs), signal).catch(() => undefined);
    return !signal.aborted;
  }

  // ---- tasks ----------------------------------------------------------------------------------------------------------

  private begin(leased: Leased): void {
    const task = new LeasedTask(leased, this.session.workerId, this.client, {
      addLines: (of, text) => this.outbox.current!.addLines(of.id, of.lease, text),
    });
    this.session.tasks.set(task.lease, task);
    if (this.draining) return this.end(task, { outcome: 'released' });
    void this.handle(task);
  }

  private async handle(task: LeasedTask): Promise<void> {
    const from = Date.now();
    let outcome: Outcome | undefined;
    try {
      outcome = completed(await this.options.handler(task));
    } catch (error) {
      if (!task.signal.aborted && error instanceof Error && error.stack !== undefined) task.log(error.stack);
      outcome = outcomeOf(task, error);
    }
    if (task.settled) return; // It took longer than the grace time: it has been handed back.
    // Work that was done counts, also when it was cancelled meanwhile; under a lost lease nothing does.
    if (task.signal.reason instanceof LeaseLost || this.failure !== undefined) outcome = undefined;
    this.remark(`${task.id}: ${outcome?.outcome ?? 'the lease is lost; its work counts for nothing'} after ${Date.now() - from} ms`);
    this.end(task, outcome);
  }

  private end(task: LeasedTask, outcome: Outcome | undefined): void {
    task.settled = true;
    if (outcome === undefined) {
      this.session.tasks.delete(task.lease);
    } else {
      const { usage, quality, traceparent } = task;
      this.outbox.current!.addReport({
        taskId: task.id, lease: task.lease, ...outcome,
        ...(usage && outcome.outcome !== 'released' && { usage }), ...(quality !== undefined && outcome.outcome === 'completed' && { qualityScore: quality }),
        ...(traceparent !== undefined && { traceparent }),
      });
    }
    this.wake();
  }

  private settleInherited(leased: Leased): void {
    this.remark(`${leased.task.id}: was being done by a worker of this name that is gone`);
    const error = { message: 'The worker was restarted during this attempt.', code: 'worker_lost' };
    this.outbox.current!.addReport({
      taskId: leased.task.id, lease: leased.lease,
      ...(this.options.releaseInherited === true ? { outcome: 'released' } : { outcome: 'failed', error, retryable: true }),
    });
  }

  private cancel(lease: string): void {
    const task = this.session.tasks.get(lease);
    task?.abort(new TaskCancelled(task.id));
  }

  private lose(lease: string): void {
    const task = this.session.tasks.get(lease);
    task?.abort(new LeaseLost(task.id));
    if (task?.settled === true) this.forget(lease);
  }

  // The server has the outcome: the lease is over.
  private forget(lease: string): void {
    this.session.tasks.delete(lease);
    this.wake();
  }

  // ---- the end --------------------------------------------------------------------------------------------------------

  // Takes no more tasks; those in hand are handed back after `waitMs` (undefined: never).
  private drain(why: string, waitMs: number | undefined): void {
    if (!this.draining) {
      const count = [...this.session.tasks.values()].filter((task) => !task.settled).length;
      this.remark(count === 0 ? why : `${why}; waiting for ${count} running`);
    }
    this.draining = true;
    this.stopLeasing.abort();
    this.wake();
    clearTimeout(this.handBackAt);
    if (waitMs !== undefined) this.handBackAt = setTimeout(() => this.handBack(new WorkerStopping()), waitMs);
  }

  private handBack(reason: unknown): void {
    for (const task of this.session.tasks.values()) task.abort(reason);
    this.handBackAt = setTimeout(() => {
      for (const task of this.session.tasks.values()) {
        if (task.settled) continue;
        this.remark(`${task.id}: its handler goes on although its signal has aborted`);
        this.end(task, this.failure === undefined ? { outcome: 'released' } : undefined);
      }
    }, GRACE_MS);
  }

  // Nothing that this worker does counts any more.
  private fail(error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.draining = true;
    this.stopLeasing.abort();
    this.stopPulse.abort();
    clearTimeout(this.handBackAt);
    this.handBack(error);
    this.wake();
  }

  private remark(text: string): void {
    const write = this.options.onRemark ?? ((line: string) => process.stderr.write(`worker ${this.options.name}: ${line}\n`));
    write(text);
  }

  // ---- waiting --------------------------------------------------------------------------------------------------------

  private wake(): void {
    for (const check of [...this.changed]) check();
  }

  private until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.changed.delete(check);
        resolve();
      };
      this.changed.add(check);
      check();
    });
  }
}

type Outcome = Pick<Report, 'outcome' | 'result' | 'error' | 'retryable'>;

function completed(result: unknown): Outcome {
  if (result === undefined) return { outcome: 'completed' };
  try {
    const text = JSON.stringify(result);
    return text === undefined ? { outcome: 'completed' } : { outcome: 'completed', result };
  } catch (error) {
    return { outcome: 'failed', retryable: false, error: { message: `The result is not JSON: ${(error as Error).message}`, code: 'bad_result' } };
  }
}

// undefined: there is nothing to report.
function outcomeOf(task: LeasedTask, error: unknown): Outcome | undefined {
  const reason: unknown = task.signal.reason;
  if (reason instanceof TaskCancelled || reason instanceof WorkerStopping) return { outcome: 'released' };
  const { message, code, retryable, details } = describeFailure(error);
  return { outcome: 'failed', retryable, error: { message, code, ...(details === undefined ? {} : { details }) } };
}
