// What goes into an operation and what comes out, derived from the types of the OpenAPI document.
import type { EventData, OperationName } from './generated/operations.js';
import type { components, operations } from './generated/schema.js';

export type { OperationName };
export type Schemas = components['schemas'];

type Part<P, K extends string> = P extends { [k in K]?: infer T } ? ([T] extends [undefined] ? unknown : NonNullable<T>) : unknown;
// A body without fields is no part of the input.
type JsonBody<O> = O extends { requestBody?: { content: { 'application/json': infer B } } } ? (B extends Record<string, never> ? unknown : B) : unknown;
type Content<R> = R extends { content: infer C } ? C[keyof C] : never;

export type EventType = keyof EventData;
/** An event of the log; its `type` tells what is in `data`. */
export type Event = { [T in EventType]: Omit<Schemas['EventView'], 'type' | 'data'> & { type: T; data: EventData[T] } }[EventType];

/** What an operation is asked with: what its path, its query and its body hold, in one object. */
export type Input<O extends OperationName> = Part<operations[O]['parameters'], 'path'> &
  Omit<Part<operations[O]['parameters'], 'query'>, 'namespace'> &
  JsonBody<operations[O]>;

/** The body of a success. */
export type Reply<O extends OperationName> = Content<operations[O]['responses'][keyof operations[O]['responses'] & (200 | 201 | 202)]>;

export interface CallOptions {
  /** Gives the call up; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long one try may take (30 s, and more when the call says `waitMs`). */
  timeoutMs?: number;
  /** How long a call that can be repeated is repeated while the server is away or short of something (30 s); 0: not. */
  retryForMs?: number;
  /** Instead of a random one; the same call under the same key has one effect, also from another process. */
  idempotencyKey?: string;
  /** Instead of the client's. */
  namespace?: string;
  /** W3C Trace Context that this call belongs to, instead of the client's. */
  traceparent?: string;
}
