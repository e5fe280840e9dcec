// Client and worker of Arbiter.
export { Client, type ClientOptions, type ListOperation } from './client.js';
export { discover, type Endpoint, type EndpointOptions } from './endpoint.js';
export { ArbiterError, type FieldError } from './error.js';
export { LeaseLost, TaskCancelled, TaskFailure, WorkerStopping } from './failure.js';
export type { Api } from './generated/operations.js';
export type { LeasedTask, Usage } from './leased_task.js';
export type { CallOptions, Event, EventType, Input, OperationName, Reply, Schemas } from './operation.js';
export { QuestionExpired, QuestionWithdrawn, type Question, type QuestionOptions } from './question.js';
export type { Snapshot, SnapshotPart, StreamMessage, SubscribeOptions } from './subscription.js';
export { currentTask, type Progress, type Task } from './task.js';
export { Worker, type Handler, type WorkerOptions } from './worker.js';
