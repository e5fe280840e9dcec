// Client of Arbiter.
export { Client, type ClientOptions, type ListOperation } from './client.js';
export { discover, type Endpoint, type EndpointOptions } from './endpoint.js';
export { ArbiterError, type FieldError } from './error.js';
export type { Api } from './generated/operations.js';
export type { CallOptions, Event, EventType, Input, OperationName, Reply, Schemas } from './operation.js';
export type { Snapshot, SnapshotPart, StreamMessage, SubscribeOptions } from './subscription.js';
