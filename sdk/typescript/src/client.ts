// The client: one method for each operation of the server, each repeated where that is safe.
import { randomUUID } from 'node:crypto';
import { backoffMs, pause } from './abort.js';
import { discover, type Endpoint, type EndpointOptions } from './endpoint.js';
import { ArbiterError, readProblem } from './error.js';
import { OPERATIONS, type Api } from './generated/operations.js';
import type { CallOptions, Input, OperationName, Reply, Schemas } from './operation.js';
import { subscribe, type StreamMessage, type SubscribeOptions } from './subscription.js';
import { StaleConnection, Transport, type Answer } from './transport.js';

const TIMEOUT_MS = 30_000;
const RETRY_FOR_MS = 30_000;
const WAIT_SLACK_MS = 10_000; // beyond what a call lets the server wait
const WAIT_MS = 30_000; // of one of many waits for the same thing

export interface ClientOptions extends EndpointOptions {
  /** Of calls that do not say it themselves. */
  timeoutMs?: number;
  retryForMs?: number;
}

// These have one effect however often they come, by the lease that they name or because what they change is volatile; a
// key would only cost the server memory.
const REPEATABLE: ReadonlySet<OperationName> = new Set<OperationName>([
  'tasks.lease', 'tasks.report', 'tasks.start', 'tasks.progress', 'tasks.complete', 'tasks.fail', 'tasks.release', 'tasks.extend',
  'workers.register', 'workers.heartbeat',
]);

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

type Paged = { items: unknown[]; nextCursor?: string };
/** Operations that answer in pages. */
export type ListOperation = { [O in OperationName]: 'nextCursor' extends keyof Reply<O> ? O : never }[OperationName];

interface Defaults {
  namespace: string;
  traceparent: string;
  timeoutMs: number;
  retryForMs: number;
}

// The methods of Api are made from the table of operations.
export interface Client extends Api {}
export class Client {
  readonly url: string;
  private readonly token: string;
  private readonly transport: Transport;
  private readonly defaults: Defaults;

  /**
   * Finds the server as the command line does: by `options`, environment, data directory, defaults. Connects nowhere.
   * `like`: only for with().
   */
  constructor(options: ClientOptions = {}, like?: Client) {
    if (like !== undefined) {
      const { url, token, transport, defaults } = like;
      this.url = url;
      this.token = token;
      this.transport = transport;
      this.defaults = {
        namespace: options.namespace ?? defaults.namespace,
        traceparent: options.traceparent ?? defaults.traceparent,
        timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
        retryForMs: options.retryForMs ?? defaults.retryForMs,
      };
    } else {
      const endpoint: Endpoint = discover(options);
      this.url = endpoint.url;
      this.token = endpoint.token;
      this.transport = new Transport(endpoint);
      const { namespace, traceparent } = endpoint;
      this.defaults = { namespace, traceparent, timeoutMs: options.timeoutMs ?? TIMEOUT_MS, retryForMs: options.retryForMs ?? RETRY_FOR_MS };
    }
    addMethods(this);
  }

  /** The same server under other defaults, over the same connections. */
  with(options: { namespace?: string; traceparent?: string; timeoutMs?: number; retryForMs?: number }): Client {
    return new Client(options, this);
  }

  /** Ends the connections that are kept for further calls. They end by themselves as well, with the process. */
  close(): void {
    this.transport.close();
  }

  /** Performs an operation by its name. `client.tasks.get(...)` is `client.call('tasks.get', ...)`. */
  async call<O extends OperationName>(operation: O, input?: Input<O>, options: CallOptions = {}): Promise<Reply<O>> {
    const { method, path, keyed } = OPERATIONS[operation];
    const rest: Record<string, unknown> = { ...(input as Record<string, unknown> | undefined) };
    const filled: string = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = rest[name];
      if (value === undefined || value === '') throw new TypeError(`${operation} needs \`${name}\``);
      delete rest[name];
      return encodeURIComponent(String(value));
    });
    const repeat = keyed && !REPEATABLE.has(operation) && !(operation === 'tasks.submit' && 'id' in rest);
    const withDefaults: CallOptions = {
      ...options,
      timeoutMs: options.timeoutMs ?? timeoutFor(rest, this.defaults.timeoutMs),
      ...(repeat && options.idempotencyKey === undefined ? { idempotencyKey: randomUUID() } : {}),
    };
    const hasBody = method === 'POST' || method === 'PUT';
    const answer = hasBody
      ? await this.send(method, filled, rest, withDefaults)
      : await this.send(method, filled + queryText(rest), undefined, withDefaults);
    return answer as Reply<O>;
  }

  /**
   * Sends any request, and again while that can help. The body of a success: what its JSON says, or its text when it is
   * something else. Anything else than a success is an ArbiterError.
   */
  async send(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<unknown> {
    const until = Date.now() + (options.retryForMs ?? this.defaults.retryForMs);
    for (let failures = 0; ; ) {
      try {
        return readBody(await this.transport.exchange(this.exchange(method, path, body, options)));
      } catch (error) {
        if (!(error instanceof ArbiterError)) throw error;
        if (error instanceof StaleConnection && failures === 0) {
          failures = 1;
          continue;
        }
        const wait = backoffMs(failures++, error.retryAfterMs);
        if (!error.passing || Date.now() + wait > until) throw error;
        await pause(wait, options.signal);
      }
    }
  }

  private exchange(method: string, path: string, body: unknown, options: CallOptions) {
    const headers = this.headers(options);
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    return {
      method, path, headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      timeoutMs: options.timeoutMs ?? this.defaults.timeoutMs,
      signal: options.signal,
    };
  }

  private headers(options: CallOptions): Record<string, string> {
    const headers: Record<string, string> = { Accept: 'application/json, text/event-stream', 'User-Agent': 'arbiter-sdk' };
    const namespace = options.namespace ?? this.defaults.namespace;
    const traceparent = options.traceparent ?? this.defaults.traceparent;
    if (this.token !== '') headers['Authorization'] = `Bearer ${this.token}`;
    if (namespace !== '') headers['Arbiter-Namespace'] = namespace;
    if (traceparent !== '') headers['traceparent'] = traceparent;
    if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
    return headers;
  }

  /** Every item of a list, page by page: `for await (const task of client.each('tasks.list', { queue: 'nightly' }))`. */
  async *each<O extends ListOperation>(operation: O, input?: Input<O>, options: CallOptions = {}): AsyncGenerator<ItemOf<O>, void, undefined> {
    const cursorName = operation === 'events.query' || operation === 'tasks.history' ? 'after' : 'cursor';
    let page = (await this.call(operation, input, options)) as Paged;
    for (;;) {
      yield* page.items as ItemOf<O>[];
      if (page.nextCursor === undefined) return;
      const next = { ...(input as object), [cursorName]: page.nextCursor } as unknown as Input<O>;
      page = (await this.call(operation, next, options)) as Paged;
    }
  }

  /** Waits until a task has ended, however long that takes, over restarts of the server; gives it as it ended. */
  async waitForTask(id: string, options: { signal?: AbortSignal; namespace?: string } = {}): Promise<Schemas['TaskView']> {
    for (;;) {
      const task = await this.persist(() => this.tasks.get({ id, waitMs: WAIT_MS }, options), options.signal);
      if (ENDED.has(task.state)) return task;
    }
  }

  /** Repeats `work` for as long as it fails with errors that pass. */
  async persist<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ArbiterError) || !error.passing) throw error;
        await pause(backoffMs(failures, error.retryAfterMs), signal);
      }
    }
  }

  /**
   * Events as they happen, from now on or after a position, with a snapshot of the state to begin with if asked for. Goes
   * on over restarts of the server and lost connections; misses none and repeats none. Ends with `signal` or `break`.
   */
  subscribe(options: SubscribeOptions = {}): AsyncGenerator<StreamMessage, void, undefined> {
    return subscribe((path, call) => this.transport.stream({ method: 'GET', path, headers: this.headers(call), timeoutMs: call.timeoutMs, signal: call.signal }), options);
  }
}

type ItemOf<O extends ListOperation> = Reply<O> extends { items: (infer T)[] } ? T : never;

// An answer that the server may hold back gets the time for that, and some more.
export function timeoutFor(input: Record<string, unknown>, timeoutMs: number): number {
  const waitMs = input['waitMs'];
  return typeof waitMs === 'number' ? Math.max(timeoutMs, waitMs + WAIT_SLACK_MS) : timeoutMs;
}

// What is undefined, or a list without elements, is left out; lists are separated by commas.
export function queryText(input: Record<string, unknown>): string {
  const parts = Object.entries(input)
    .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value] as const)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function readBody(answer: Answer): unknown {
  if (answer.status < 200 || answer.status > 299) throw readProblem(answer.status, answer.text, answer.headers['retry-after']);
  if (!/\bjson\b/.test(answer.headers['content-type'] ?? '')) return answer.text;
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    throw new ArbiterError({ code: 'internal', message: 'The answer is not JSON: something before the server?', status: answer.status, cause: error });
  }
}

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function addMethods(client: Client): void {
  const nouns = client as unknown as Record<string, Record<string, unknown>>;
  for (const operation of Object.keys(OPERATIONS) as OperationName[]) {
    const [noun = '', verb = ''] = operation.split('.').map(camelCase);
    const verbs = (nouns[noun] ??= {});
    verbs[verb] = (input: never, options?: CallOptions) => client.call(operation, input, options);
  }
}
