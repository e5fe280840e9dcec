// The present state of the namespace, as every view needs it: workers, queues, what runs, what waits for a human.
// Events say what has changed; the rest (signs of life, progress, ages) is looked at every few seconds.
import { get } from '../api/client';
import type { Inbox, InboxItem, LogEvent, Page, Queue, Task, Worker } from '../api/types';
import { live, type Snapshot } from './live.svelte';
import { Resource } from './resource.svelte';

const LOOK_MS = 5_000;
export const LIST_MAX = 1_000;
const INBOX_MAX = 100; // of each kind

const inboxEvent = /^(QUESTION|INCIDENT|INBOX)\.|^TASK\.(FAILED\.PERMANENT|REDRIVEN|CANCELLED)/;

// Of each kind as many, so that a thousand dead tasks do not hide a question. What holds up an agent, or is on fire, first.
async function inboxNow(signal: AbortSignal): Promise<Inbox> {
  const kinds = ['question', 'incident', 'task'] as const;
  const lists = await Promise.all(kinds.map((kind) => get<Inbox>('/api/v1/inbox', { kind, limit: INBOX_MAX }, signal)));
  const urgency = (item: InboxItem) => (item.kind === 'incident' && item.severity === 'critical' ? 0 : 1 + kinds.indexOf(item.kind));
  return {
    items: lists.flatMap((list) => list.items).toSorted((a, b) => urgency(a) - urgency(b) || Date.parse(b.createdAt) - Date.parse(a.createdAt)),
    nextCursor: lists.find((list) => list.nextCursor !== undefined)?.nextCursor,
    open: lists[0]!.open,
  };
}

class Fleet {
  queues = new Resource((signal) => get<Page<Queue>>('/api/v1/queues', { limit: LIST_MAX }, signal));
  workers = new Resource((signal) => get<Page<Worker>>('/api/v1/workers', { limit: LIST_MAX }, signal));
  active = new Resource((signal) => get<Page<Task>>('/api/v1/tasks', { state: 'assigned,running,suspended', limit: LIST_MAX }, signal));
  inbox = new Resource(inboxNow, 400);

  constructor() {
    live.listen({ events: (events) => this.events(events), resync: (snapshot) => this.resync(snapshot) });
    setInterval(() => {
      if (live.state === 'live' && !document.hidden) this.look();
    }, LOOK_MS);
    document.addEventListener('visibilitychange', () => {
      if (live.state === 'live' && !document.hidden) this.look();
    });
  }

  // Another namespace: nothing of the one before may be seen in it.
  clear(): void {
    for (const resource of [this.queues, this.workers, this.active, this.inbox]) {
      resource.value = undefined;
      resource.problem = undefined;
    }
  }

  // What each worker works on, by its id.
  get byWorker(): Map<string, Task[]> {
    const map = new Map<string, Task[]>();
    for (const task of this.active.value?.items ?? []) {
      if (task.workerId === undefined) continue;
      const list = map.get(task.workerId);
      if (list === undefined) map.set(task.workerId, [task]);
      else list.push(task);
    }
    return map;
  }

  get waiting(): number {
    const open = this.inbox.value?.open;
    return open === undefined ? 0 : open.questions + open.incidents + open.deadTasks;
  }

  private resync(snapshot: Snapshot | undefined): void {
    if (snapshot?.queues !== undefined) this.queues.value = { items: snapshot.queues };
    if (snapshot?.workers !== undefined) this.workers.value = { items: snapshot.workers };
    if (snapshot === undefined) this.queues.refresh();
    if (snapshot === undefined) this.workers.refresh();
    this.active.restart();
    this.inbox.restart();
  }

  private events(events: LogEvent[]): void {
    const has = (test: (type: string) => boolean) => events.some((event) => test(event.type));
    if (has((type) => type.startsWith('TASK.') || type.startsWith('QUEUE.'))) {
      this.queues.refresh();
      this.active.refresh();
    }
    if (has((type) => type.startsWith('WORKER.') || type.startsWith('TASK.'))) this.workers.refresh();
    if (has((type) => inboxEvent.test(type))) this.inbox.refresh();
  }

  private look(): void {
    this.queues.refresh();
    this.workers.refresh();
    this.active.refresh();
    this.inbox.refresh();
  }
}

export const fleet = new Fleet();
