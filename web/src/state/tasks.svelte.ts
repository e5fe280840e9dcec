// A long list of tasks, loaded as it is scrolled and kept up to date by events.
import { get, Problem } from '../api/client';
import type { LogEvent, Page, Task, TaskState } from '../api/types';
import { live } from './live.svelte';

const PAGE = 500;
const SHORT_PAGES_MAX = 20;
const LOADED_MAX = 50_000;
const HEAD_EVERY_MS = 1_000;

export interface Filter {
  state: TaskState[];
  queue?: string;
  type?: string;
  tag?: string;
  workerId?: string;
}

// What an event says of its task; undefined: nothing that the list shows.
function change(event: LogEvent): Partial<Task> | undefined {
  const data = event.data as Record<string, string & number>;
  switch (event.type) {
    case 'TASK.QUEUED.SUCCESS':
      return { state: 'queued', queuedAt: event.time, workerId: undefined };
    case 'TASK.ASSIGNED.SUCCESS': {
      const state = data.state as TaskState;
      return { state, workerId: data.worker, attempt: data.attempt, startedAt: state === 'running' ? event.time : undefined };
    }
    case 'TASK.STARTED.SUCCESS':
      return { state: 'running', startedAt: event.time };
    case 'TASK.SUSPENDED.SUCCESS':
      return { state: 'suspended' };
    case 'TASK.RESUMED.SUCCESS':
      return { state: 'running' };
    case 'TASK.COMPLETED.SUCCESS':
      return { state: 'completed', endedAt: event.time };
    case 'TASK.CANCELLED.SUCCESS':
      return { state: 'cancelled', endedAt: event.time };
    case 'TASK.FAILED.RETRY':
      return { state: data.state as TaskState, workerId: undefined, reason: data.reason };
    case 'TASK.FAILED.PERMANENT':
      return { state: 'failed', endedAt: event.time, reason: data.reason };
    case 'TASK.RELEASED.SUCCESS':
      return { state: 'queued', queuedAt: event.time, workerId: undefined };
    case 'TASK.REDRIVEN.SUCCESS':
      return { state: data.state as TaskState, endedAt: undefined, workerId: undefined };
    default:
      return undefined;
  }
}

export class TaskRows {
  rows = $state.raw<Task[]>([]);
  loading = $state(true);
  complete = $state(false); // All that match are loaded.
  fresh = $state(0); // Tasks that came while somebody was reading further down.
  problem = $state.raw<Problem>();
  atTop = true;

  private index = new Map<string, number>();
  private cursor: string | undefined;
  private round = 0;
  private headTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly unlisten: () => void;

  constructor(private readonly filter: Filter) {
    this.unlisten = live.listen({ events: (events) => this.events(events), resync: () => void this.reload() });
    void this.reload();
  }

  stop(): void {
    this.round += 1;
    clearTimeout(this.headTimer);
    this.unlisten();
  }

  async reload(): Promise<void> {
    this.fresh = 0;
    await this.load(undefined);
  }

  // More, for whoever has scrolled to the end of what is loaded.
  more(): void {
    if (!this.loading && !this.complete && this.rows.length < LOADED_MAX) void this.load(this.cursor);
  }

  private ask(limit: number, cursor?: string): Promise<Page<Task>> {
    const { state, ...rest } = this.filter;
    return get<Page<Task>>('/api/v1/tasks', { ...rest, state, limit, cursor });
  }

  private async load(cursor: string | undefined, short = 0): Promise<void> {
    const round = ++this.round;
    this.loading = true;
    try {
      const page = await this.ask(PAGE, cursor);
      if (round !== this.round) return;
      this.problem = undefined;
      this.cursor = page.nextCursor;
      this.complete = page.nextCursor === undefined;
      this.set(cursor === undefined ? page.items : [...this.rows, ...page.items.filter((task) => !this.index.has(task.id))]);
      // The server looks at so many tasks for a page and no more; where few match, it is asked to go on.
      if (!this.complete && page.items.length < PAGE && short < SHORT_PAGES_MAX) return await this.load(page.nextCursor, short + 1);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (round === this.round) this.problem = error;
    } finally {
      if (round === this.round) this.loading = false;
    }
  }

  private set(rows: Task[]): void {
    this.rows = rows;
    this.index = new Map(rows.map((task, i) => [task.id, i]));
  }

  private matches(task: Task): boolean {
    return this.filter.state.length === 0 || this.filter.state.includes(task.state);
  }

  private events(events: LogEvent[]): void {
    let rows: Task[] | undefined;
    let unknown = 0;
    for (const event of events) {
      if (!event.type.startsWith('TASK.')) continue;
      const id = event.data.id as string;
      const at = this.index.get(id);
      if (at === undefined) {
        if (this.mayMatch(event)) unknown += 1;
        continue;
      }
      const changed = change(event);
      if (changed === undefined) continue;
      rows ??= [...this.rows];
      rows[at] = { ...rows[at]!, ...changed };
    }
    if (rows !== undefined) {
      const left = rows.filter((task) => this.matches(task));
      if (left.length === rows.length) this.rows = rows;
      else this.set(left);
    }
    if (unknown === 0) return;
    if (this.atTop) this.headSoon();
    else this.fresh += unknown;
  }

  private mayMatch(event: LogEvent): boolean {
    const { state, queue, type, tag } = this.filter;
    if (event.type === 'TASK.SUBMITTED.SUCCESS') {
      if (queue !== undefined && queue !== '' && event.data.queue !== queue) return false;
      if (type !== undefined && type !== '' && event.data.type !== type) return false;
      if (tag !== undefined && tag !== '' && !event.tags.includes(tag)) return false;
      return state.length === 0 || state.includes(event.data.state as TaskState);
    }
    const changed = change(event);
    // Without a filter by state a task that is not loaded is further down in the list.
    return changed?.state !== undefined && state.length > 0 && state.includes(changed.state);
  }

  private headSoon(): void {
    this.headTimer ??= setTimeout(() => void this.head(), HEAD_EVERY_MS);
  }

  // The newest of the list again. What is loaded below stays, unless there is a hole between the two.
  private async head(): Promise<void> {
    const round = this.round;
    try {
      const page = await this.ask(100);
      if (round !== this.round) return;
      const ids = new Set(page.items.map((task) => task.id));
      const overlaps = page.items.some((task) => this.index.has(task.id)) || page.nextCursor === undefined;
      if (!overlaps) {
        this.cursor = page.nextCursor;
        this.complete = false;
      }
      this.set(overlaps ? [...page.items, ...this.rows.filter((task) => !ids.has(task.id))] : page.items);
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (round === this.round) this.problem = error;
    } finally {
      this.headTimer = undefined;
    }
  }
}
