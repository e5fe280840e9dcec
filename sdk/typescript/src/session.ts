// What a worker knows of itself: its session with the server, and the tasks that it has in its hands.
import type { LeasedTask } from './leased_task.js';
import type { Client } from './client.js';
import { ArbiterError } from './error.js';
import type { Schemas } from './operation.js';

export type Registration = Schemas['RegisterWorker'] & { name: string; maxConcurrent: number };

export class Session {
  number: number | undefined;
  readonly tasks = new Map<string, LeasedTask>(); // by lease
  // Leases whose tasks are suspended, as far as the server has told; they take no slot.
  suspended: ReadonlySet<string> = new Set();
  private registering: Promise<void> | undefined;

  constructor(readonly client: Client, readonly registration: Registration, private readonly onInherited: (lease: Schemas['LeaseView']) => void) {}

  get workerId(): string {
    return this.registration.name;
  }

  // Registers, unless that has been done since session `seen`. What a predecessor of this name held, and nobody works on
  // any more, is handed to `onInherited`.
  async open(seen: number | undefined, signal: AbortSignal): Promise<void> {
    if (this.number !== seen) return;
    this.registering ??= this.register(signal).finally(() => (this.registering = undefined));
    return this.registering;
  }

  private async register(signal: AbortSignal): Promise<void> {
    const worker = await this.client.workers.register(this.registration, { signal });
    this.number = worker.session;
    for (const lease of worker.leases) {
      if (!this.tasks.has(lease.lease)) this.onInherited(lease);
    }
  }

  // How many more tasks can be worked on now.
  freeSlots(): number {
    let taken = 0;
    for (const task of this.tasks.values()) {
      if (!task.settled && !this.suspended.has(task.lease)) taken++;
    }
    return Math.max(0, this.registration.maxConcurrent - taken);
  }
}

/** Whether an error concerns this worker for good: its token, its name, or what it asks for is refused. */
export function isFatal(error: unknown): boolean {
  if (!(error instanceof ArbiterError)) return true; // Not of the server: a defect.
  if (error.passing || error.code === 'unknown_worker') return false;
  return error.status < 500;
}
