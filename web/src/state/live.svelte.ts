// The event log of the namespace as it grows, over one WebSocket. When the connection is lost it comes back by itself
// and goes on after the last event that was seen; while it is not live, the page says so and since when.
import type { LogEvent, Queue, Worker } from '../api/types';
import { clock } from './clock.svelte';
import { session } from './session.svelte';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
const BATCH_MS = 150; // Events are handed on in batches: a busy server writes thousands a second.
const PING_MS = 5_000;
const PONG_MS_MAX = 10_000;
const OPEN_MS_MAX = 10_000;
const RESUME_MS_MAX = 600_000; // After longer than this the page begins anew instead of reading all that it missed.
const RECENT_MAX = 2_000;
const SUBSCRIPTION = 'page';

export interface Snapshot {
  position: number;
  queues?: Queue[];
  workers?: Worker[];
}

export interface Listener {
  events?(events: LogEvent[]): void;
  // The state as it is now has to be asked for: at the beginning, and after every interruption.
  resync?(snapshot: Snapshot | undefined): void;
}

class Live {
  state = $state<'connecting' | 'live' | 'lost'>('connecting');
  since = $state(Date.now()); // By the browser's clock.
  retryAt = $state(0);
  reason = $state('');
  recent = $state.raw<LogEvent[]>([]); // The newest last.
  // Positions after which events are missing from `recent`, because the page began anew.
  gaps = $state.raw<number[]>([]);
  position: number | undefined;

  private namespace = '';
  private socket: WebSocket | undefined;
  private attempts = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private batch: LogEvent[] = [];
  private batchTimer: ReturnType<typeof setTimeout> | undefined;
  private listeners = new Set<Listener>();
  private heardAt = 0;
  private pingedAt = 0;

  constructor() {
    setInterval(() => this.beat(), PING_MS);
    addEventListener('online', () => this.retryNow());
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  open(namespace: string): void {
    if (namespace === this.namespace) return;
    this.close();
    this.namespace = namespace;
    this.become('connecting');
    this.connect();
  }

  close(): void {
    this.drop();
    clearTimeout(this.timer);
    this.namespace = '';
    this.position = undefined;
    this.recent = [];
    this.gaps = [];
    this.batch = [];
    this.attempts = 0;
  }

  retryNow(): void {
    if (this.namespace === '' || this.socket !== undefined) return;
    clearTimeout(this.timer);
    this.connect();
  }

  private become(state: Live['state']): void {
    if (state === this.state) return;
    // Whoever comes back after a failed attempt is still not live since the first one.
    if (!(state === 'connecting' && this.state === 'lost')) this.since = Date.now();
    this.state = state;
  }

  private connect(): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws?namespace=${encodeURIComponent(this.namespace)}`, ['arbiter']);
    this.socket = socket;
    const limit = setTimeout(() => socket.readyState === WebSocket.CONNECTING && this.lost(socket, 'No answer.'), OPEN_MS_MAX);
    socket.addEventListener('message', (message) => {
      if (socket !== this.socket) return;
      this.heardAt = Date.now();
      this.take(JSON.parse(message.data as string));
    });
    socket.addEventListener('close', (event) => {
      clearTimeout(limit);
      this.lost(socket, event.reason);
    });
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private lost(socket: WebSocket, reason: string): void {
    if (socket !== this.socket) return;
    this.drop();
    this.flush();
    this.become('lost');
    this.reason = reason;
    // A browser does not tell why a WebSocket was refused; this does, when the session has ended.
    void session.look();
    const pause = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.attempts) * (0.8 + Math.random() * 0.4);
    this.attempts += 1;
    this.retryAt = Date.now() + pause;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), pause);
  }

  private beat(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const now = Date.now();
    const waits = this.pingedAt > this.heardAt;
    if (waits && now - this.pingedAt > PONG_MS_MAX) return this.lost(this.socket, 'The server is silent.');
    if (waits) return;
    this.pingedAt = now;
    this.socket.send(JSON.stringify({ type: 'ping' }));
  }

  private subscribe(): void {
    const tooOld = this.state === 'lost' && Date.now() - this.since > RESUME_MS_MAX;
    if (this.position === undefined || tooOld) return this.beginAnew();
    this.send({ type: 'subscribe', id: SUBSCRIPTION, after: this.position });
  }

  private beginAnew(): void {
    if (this.position !== undefined) this.gaps = [...this.gaps, this.position];
    this.position = undefined;
    this.send({ type: 'subscribe', id: SUBSCRIPTION, snapshot: ['queues', 'workers'] });
  }

  private send(message: unknown): void {
    this.socket?.send(JSON.stringify(message));
  }

  private take(message: Record<string, unknown>): void {
    switch (message.type) {
      case 'connected':
        clock.adjust(message.timestamp as string);
        return this.subscribe();
      case 'subscribed': {
        const resumed = this.position !== undefined;
        this.position ??= message.position as number;
        this.attempts = 0;
        this.reason = '';
        this.become('live');
        if (resumed) this.tell(undefined);
        return;
      }
      case 'snapshot':
        return this.tell(message as unknown as Snapshot);
      case 'event': {
        const event = message.event as LogEvent;
        this.position = event.position;
        this.batch.push(event);
        this.batchTimer ??= setTimeout(() => this.flush(), BATCH_MS);
        return;
      }
      // The server reads faster than this page: what is missing can be looked up, what is now matters more.
      case 'lagging':
        this.flush();
        return this.beginAnew();
      case 'error':
        if (message.code === 'history_truncated' || this.position !== undefined) return this.beginAnew();
        if (this.socket !== undefined) this.lost(this.socket, String(message.message));
    }
  }

  private tell(snapshot: Snapshot | undefined): void {
    for (const listener of this.listeners) listener.resync?.(snapshot);
  }

  private flush(): void {
    clearTimeout(this.batchTimer);
    this.batchTimer = undefined;
    if (this.batch.length === 0) return;
    const events = this.batch;
    this.batch = [];
    this.recent = [...this.recent, ...events].slice(-RECENT_MAX);
    for (const listener of this.listeners) listener.events?.(events);
  }

  // Events from before the page was opened, to begin with; the newest last.
  prepend(events: LogEvent[]): void {
    const first = this.recent[0]?.position ?? Infinity;
    this.recent = [...events.filter((event) => event.position < first), ...this.recent].slice(-RECENT_MAX);
  }
}

export const live = new Live();
