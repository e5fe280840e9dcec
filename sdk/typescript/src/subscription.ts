// A subscription to events that outlives connections and restarts of the server. It keeps the position of the last event
// that it gave, and comes back with it.
import type { IncomingMessage } from 'node:http';
import { anySignal, backoffMs, pause } from './abort.js';
import { ArbiterError, readProblem } from './error.js';
import type { Event, EventType, Schemas } from './operation.js';
import { MessageReader, type Message } from './sse.js';

const SILENCE_MS_MAX = 45_000; // The server sends a comment every 15 s.
const PROBLEM_LENGTH_MAX = 1024 * 1024;

export type SnapshotPart = 'tasks' | 'queues' | 'workers' | 'inbox';

/** The state at `position`; the events that follow are those after it. */
export interface Snapshot {
  position: number;
  tasks?: Schemas['TaskView'][];
  queues?: Schemas['QueueView'][];
  workers?: Schemas['WorkerView'][];
  inbox?: Schemas['InboxItem'][];
  /** Of these parts there are more than a snapshot holds. */
  truncated: SnapshotPart[];
}

export type StreamMessage =
  | { kind: 'event'; position: number; event: Event }
  | { kind: 'snapshot'; position: number; snapshot: Snapshot }
  /** The reader took nothing for so long that the server let it go. Nothing is skipped: events go on after `position`. */
  | { kind: 'lagging'; position: number };

export interface SubscribeOptions {
  /** Any of these types; `TASK.*` by prefix. */
  types?: (EventType | `${string}*` | (string & {}))[];
  /** All of these tags. */
  tags?: string[];
  /** Only of this task. */
  task?: string;
  /** The position after which to begin; else now, or the snapshot. */
  after?: number;
  /** Parts of the state to begin with; not with `after`. */
  snapshot?: SnapshotPart[];
  namespace?: string;
  /** Ends the subscription, without an error. */
  signal?: AbortSignal;
  /** Called when the stream is there, and when it is lost and is being opened again. */
  onState?: (state: 'live' | 'away', why?: ArbiterError) => void;
}

export interface StreamCall {
  namespace?: string;
  timeoutMs: number; // of each silence
  signal: AbortSignal;
}
export type OpenStream = (path: string, call: StreamCall) => Promise<IncomingMessage>;

export async function* subscribe(open: OpenStream, options: SubscribeOptions): AsyncGenerator<StreamMessage, void, undefined> {
  const { signal, release } = anySignal(options.signal);
  let position = options.after;
  let failures = 0;
  try {
    for (;;) {
      try {
        for await (const step of read(open, options, position, signal)) {
          failures = 0;
          position = step.position;
          if (step.kind === 'begun') options.onState?.('live');
          else yield step;
        }
        throw new ArbiterError({ code: 'connection', message: 'The stream of events ended.' });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ArbiterError) || !error.passing) throw error;
        options.onState?.('away', error);
        await pause(backoffMs(failures++, error.retryAfterMs), signal).catch(() => undefined);
        if (signal.aborted) return;
      }
    }
  } finally {
    release();
  }
}

// With a snapshot to come there is no position yet from which to go on.
type Step = StreamMessage | { kind: 'begun'; position: number | undefined };

// One connection, to its end.
async function* read(open: OpenStream, options: SubscribeOptions, after: number | undefined, signal: AbortSignal): AsyncGenerator<Step, void, undefined> {
  const response = await open(pathOf(options, after), {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    timeoutMs: SILENCE_MS_MAX, signal,
  });
  try {
    response.setEncoding('utf8');
    if (response.statusCode !== 200) throw await readRefusal(response);
    const reader = new MessageReader();
    const waitsForSnapshot = after === undefined && (options.snapshot ?? []).length > 0;
    for await (const chunk of response as AsyncIterable<string>) {
      for (const part of reader.add(chunk)) {
        if ('message' in part) yield readMessage(part.message);
        else if (part.comment.startsWith('position ')) yield { kind: 'begun', position: waitsForSnapshot ? undefined : Number(part.comment.slice(9)) };
      }
    }
  } catch (error) {
    if (error instanceof ArbiterError || signal.aborted) throw error;
    throw new ArbiterError({ code: 'connection', message: `The stream of events broke off: ${(error as Error).message}`, cause: error });
  } finally {
    response.destroy();
  }
}

function pathOf(options: SubscribeOptions, after: number | undefined): string {
  const query = new URLSearchParams();
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined && values.length > 0) query.set(name, values.join(','));
  };
  add('types', options.types);
  add('tags', options.tags);
  if (options.task !== undefined) query.set('task', options.task);
  if (after !== undefined) query.set('after', String(after));
  else add('snapshot', options.snapshot);
  const text = query.toString();
  return `/api/v1/events/stream${text === '' ? '' : `?${text}`}`;
}

function readMessage(message: Message): StreamMessage {
  const data = JSON.parse(message.data) as { position: number; code?: string; message?: string };
  switch (message.type) {
    case 'error':
      throw new ArbiterError({ code: data.code ?? 'internal', message: data.message ?? 'The server ended the stream.' });
    case 'lagging':
      return { kind: 'lagging', position: data.position };
    case 'snapshot':
      return { kind: 'snapshot', position: data.position, snapshot: data as unknown as Snapshot };
    default:
      return { kind: 'event', position: data.position, event: data as unknown as Event };
  }
}

async function readRefusal(response: IncomingMessage): Promise<ArbiterError> {
  let text = '';
  for await (const chunk of response as AsyncIterable<string>) {
    if (text.length < PROBLEM_LENGTH_MAX) text += chunk;
  }
  return readProblem(response.statusCode ?? 0, text, response.headers['retry-after']);
}
