// One leased task in the hands of its handler.
import { anySignal, pause } from './abort.js';
import type { Client } from './client.js';
import { ArbiterError } from './error.js';
import { LeaseLost, TaskCancelled } from './failure.js';
import type { Schemas } from './operation.js';
import { progressOf, Task, type Progress } from './task.js';

const PROGRESS_PAUSE_MS = 200; // The latest of what is said meanwhile is sent.

export type Usage = Schemas['Usage'];
export type Leased = Schemas['LeaseView'];

export interface TaskHooks {
  addLines(task: LeasedTask, text: string): void;
}

/** What a handler gets. */
export class LeasedTask extends Task {
  /** JSON, as it was submitted. */
  readonly payload: any;
  /** Everything that the server says of the task. */
  readonly view: Schemas['TaskView'];
  /** W3C Trace Context of this attempt; undefined: it is not traced. */
  readonly traceparent: string | undefined;
  /** Aborts with TaskCancelled, LeaseLost, WorkerStopping, or the error that ended the worker. */
  readonly signal: AbortSignal;
  /** @internal Its handler has returned or thrown. */
  settled = false;
  /** @internal Somebody else wants it to stand still. */
  private stopped: { promise: Promise<void>; go: () => void } | undefined;
  private readonly controller = new AbortController();
  private quality_: number | undefined;
  private used: Usage | undefined;
  private next: Progress | undefined;
  private sending = false;

  constructor(leased: Leased, workerId: string, client: Client, private readonly hooks: TaskHooks) {
    super(leased.task.id, leased.task.type, leased.attempt, leased.lease, workerId, leased.traceparent === undefined ? client : client.with({ traceparent: leased.traceparent }));
    this.view = leased.task;
    this.traceparent = leased.traceparent;
    this.payload = leased.task.payload;
    this.signal = this.controller.signal;
  }

  override progress(progress: Progress | number, message?: string): void {
    this.next = progressOf(progress, message);
    if (!this.sending) void this.sendProgress();
  }

  override log(text: string): void {
    this.hooks.addLines(this, text);
  }

  /** Adds to what this attempt has used; reported with its end, and what budgets count. */
  addUsage(usage: Usage): void {
    const sum: Record<string, number> = { ...this.used };
    for (const [name, value] of Object.entries(usage)) {
      if (value === undefined) continue;
      if (!(name === 'cost' ? Number.isFinite(value) : Number.isSafeInteger(value)) || value < 0) throw new RangeError(`usage.${name} cannot be ${value}`);
      sum[name] = (sum[name] ?? 0) + value;
    }
    this.used = sum;
  }
  /** How good the result is, 0 to 1; reported with it. */
  set quality(quality: number | undefined) {
    if (quality !== undefined && !(quality >= 0 && quality <= 1)) throw new RangeError(`a quality is from 0 to 1, not ${quality}`);
    this.quality_ = quality;
  }
  get quality(): number | undefined {
    return this.quality_;
  }
  get usage(): Usage | undefined {
    return this.used;
  }

  /** Waits while somebody else has suspended the task; throws when there is nothing to go on with. Call it between steps. */
  async checkpoint(): Promise<void> {
    this.signal.throwIfAborted();
    if (this.stopped === undefined) return;
    const { signal, release } = anySignal(this.signal);
    try {
      await Promise.race([this.stopped.promise, new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))]);
    } finally {
      release();
    }
    return this.checkpoint();
  }

  /** @internal */
  abort(reason: unknown): void {
    if (!this.settled && !this.signal.aborted) this.controller.abort(reason);
  }

  /** @internal */
  standStill(stop: boolean): void {
    if (stop === (this.stopped !== undefined)) return;
    if (stop) {
      let go = (): void => undefined;
      const promise = new Promise<void>((resolve) => (go = resolve));
      this.stopped = { promise, go };
    } else {
      this.stopped?.go();
      this.stopped = undefined;
    }
  }

  protected override endSignal(): AbortSignal {
    return this.signal;
  }

  private async sendProgress(): Promise<void> {
    this.sending = true;
    try {
      while (this.next !== undefined && !this.settled && !this.signal.aborted) {
        const request = { id: this.id, lease: this.lease, ...this.next };
        this.next = undefined;
        const status = await this.client.tasks.progress(request, { signal: this.signal, retryForMs: 0 });
        if (status.cancelRequested) this.abort(new TaskCancelled(this.id));
        await pause(PROGRESS_PAUSE_MS, this.signal);
      }
    } catch (error) {
      if (error instanceof ArbiterError && error.code === 'stale_lease') this.abort(new LeaseLost(this.id));
      else if (error instanceof ArbiterError && !error.passing) this.log(`[progress was refused: ${error.message}]`);
      // Else it is volatile: the next one is as good.
    } finally {
      this.sending = false;
    }
  }
}
