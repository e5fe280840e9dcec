// Made by generate.mjs from the OpenAPI document of the server. Do not edit.
import type { CallOptions, Input, Reply, Schemas } from '../operation.js';

// How each operation travels.
export const OPERATIONS = {
  'tasks.submit': { method: 'POST', path: '/api/v1/tasks', keyed: true },
  'tasks.list': { method: 'GET', path: '/api/v1/tasks', keyed: false },
  'tasks.batch': { method: 'POST', path: '/api/v1/tasks/batch', keyed: true },
  'tasks.bulk': { method: 'POST', path: '/api/v1/tasks/bulk', keyed: true },
  'tasks.get_bulk': { method: 'GET', path: '/api/v1/tasks/bulk/{id}', keyed: false },
  'tasks.lease': { method: 'POST', path: '/api/v1/tasks/lease', keyed: true },
  'tasks.report': { method: 'POST', path: '/api/v1/tasks/report', keyed: true },
  'tasks.get': { method: 'GET', path: '/api/v1/tasks/{id}', keyed: false },
  'tasks.history': { method: 'GET', path: '/api/v1/tasks/{id}/history', keyed: false },
  'tasks.logs': { method: 'GET', path: '/api/v1/tasks/{id}/logs', keyed: false },
  'tasks.cancel': { method: 'POST', path: '/api/v1/tasks/{id}/cancel', keyed: true },
  'tasks.retry': { method: 'POST', path: '/api/v1/tasks/{id}/retry', keyed: true },
  'tasks.start': { method: 'POST', path: '/api/v1/tasks/{id}/start', keyed: true },
  'tasks.suspend': { method: 'POST', path: '/api/v1/tasks/{id}/suspend', keyed: true },
  'tasks.resume': { method: 'POST', path: '/api/v1/tasks/{id}/resume', keyed: true },
  'tasks.progress': { method: 'POST', path: '/api/v1/tasks/{id}/progress', keyed: true },
  'tasks.log': { method: 'POST', path: '/api/v1/tasks/{id}/log', keyed: true },
  'tasks.complete': { method: 'POST', path: '/api/v1/tasks/{id}/complete', keyed: true },
  'tasks.fail': { method: 'POST', path: '/api/v1/tasks/{id}/fail', keyed: true },
  'tasks.release': { method: 'POST', path: '/api/v1/tasks/{id}/release', keyed: true },
  'tasks.extend': { method: 'POST', path: '/api/v1/tasks/{id}/extend', keyed: true },
  'workers.register': { method: 'POST', path: '/api/v1/workers', keyed: true },
  'workers.list': { method: 'GET', path: '/api/v1/workers', keyed: false },
  'workers.get': { method: 'GET', path: '/api/v1/workers/{id}', keyed: false },
  'workers.deregister': { method: 'DELETE', path: '/api/v1/workers/{id}', keyed: true },
  'workers.heartbeat': { method: 'POST', path: '/api/v1/workers/{id}/heartbeat', keyed: true },
  'workers.drain': { method: 'POST', path: '/api/v1/workers/{id}/drain', keyed: true },
  'queues.list': { method: 'GET', path: '/api/v1/queues', keyed: false },
  'queues.get': { method: 'GET', path: '/api/v1/queues/{name}', keyed: false },
  'queues.configure': { method: 'PUT', path: '/api/v1/queues/{name}', keyed: true },
  'queues.pause': { method: 'POST', path: '/api/v1/queues/{name}/pause', keyed: true },
  'queues.resume': { method: 'POST', path: '/api/v1/queues/{name}/resume', keyed: true },
  'queues.drain': { method: 'POST', path: '/api/v1/queues/{name}/drain', keyed: true },
  'graph.get': { method: 'GET', path: '/api/v1/graph', keyed: false },
  'graph.dot': { method: 'GET', path: '/api/v1/graph.dot', keyed: false },
  'cascades.list': { method: 'GET', path: '/api/v1/cascades', keyed: false },
  'schedules.set': { method: 'PUT', path: '/api/v1/schedules/{name}', keyed: true },
  'schedules.get': { method: 'GET', path: '/api/v1/schedules/{name}', keyed: false },
  'schedules.delete': { method: 'DELETE', path: '/api/v1/schedules/{name}', keyed: true },
  'schedules.list': { method: 'GET', path: '/api/v1/schedules', keyed: false },
  'schedules.pause': { method: 'POST', path: '/api/v1/schedules/{name}/pause', keyed: true },
  'schedules.resume': { method: 'POST', path: '/api/v1/schedules/{name}/resume', keyed: true },
  'schedules.run': { method: 'POST', path: '/api/v1/schedules/{name}/run', keyed: true },
  'keys.list': { method: 'GET', path: '/api/v1/keys', keyed: false },
  'keys.get': { method: 'GET', path: '/api/v1/keys/{name}', keyed: false },
  'keys.configure': { method: 'PUT', path: '/api/v1/keys/{name}', keyed: true },
  'keys.pause': { method: 'POST', path: '/api/v1/keys/{name}/pause', keyed: true },
  'keys.resume': { method: 'POST', path: '/api/v1/keys/{name}/resume', keyed: true },
  'task_types.set': { method: 'PUT', path: '/api/v1/task-types/{name}', keyed: true },
  'task_types.get': { method: 'GET', path: '/api/v1/task-types/{name}', keyed: false },
  'task_types.delete': { method: 'DELETE', path: '/api/v1/task-types/{name}', keyed: true },
  'task_types.list': { method: 'GET', path: '/api/v1/task-types', keyed: false },
  'tasks.ask': { method: 'POST', path: '/api/v1/tasks/{id}/ask', keyed: true },
  'questions.list': { method: 'GET', path: '/api/v1/questions', keyed: false },
  'questions.get': { method: 'GET', path: '/api/v1/questions/{id}', keyed: false },
  'questions.answer': { method: 'POST', path: '/api/v1/questions/{id}/answer', keyed: true },
  'incidents.open': { method: 'POST', path: '/api/v1/incidents', keyed: true },
  'incidents.list': { method: 'GET', path: '/api/v1/incidents', keyed: false },
  'incidents.get': { method: 'GET', path: '/api/v1/incidents/{id}', keyed: false },
  'incidents.acknowledge': { method: 'POST', path: '/api/v1/incidents/{id}/acknowledge', keyed: true },
  'incidents.resolve': { method: 'POST', path: '/api/v1/incidents/{id}/resolve', keyed: true },
  'inbox.list': { method: 'GET', path: '/api/v1/inbox', keyed: false },
  'inbox.assign': { method: 'POST', path: '/api/v1/inbox/{item}/assign', keyed: true },
  'inbox.dismiss': { method: 'POST', path: '/api/v1/inbox/{item}/dismiss', keyed: true },
  'budgets.set': { method: 'PUT', path: '/api/v1/budgets/{name}', keyed: true },
  'budgets.get': { method: 'GET', path: '/api/v1/budgets/{name}', keyed: false },
  'budgets.delete': { method: 'DELETE', path: '/api/v1/budgets/{name}', keyed: true },
  'budgets.list': { method: 'GET', path: '/api/v1/budgets', keyed: false },
  'budgets.raise': { method: 'POST', path: '/api/v1/budgets/{name}/raise', keyed: true },
  'effects.list': { method: 'GET', path: '/api/v1/effects', keyed: false },
  'effects.get': { method: 'GET', path: '/api/v1/effects/{id}', keyed: false },
  'effects.retry': { method: 'POST', path: '/api/v1/effects/{id}/retry', keyed: true },
  'notifiers.test': { method: 'POST', path: '/api/v1/notifiers/{name}/test', keyed: true },
  'events.query': { method: 'GET', path: '/api/v1/events', keyed: false },
  'tokens.create': { method: 'POST', path: '/api/v1/tokens', keyed: true },
  'tokens.list': { method: 'GET', path: '/api/v1/tokens', keyed: false },
  'tokens.revoke': { method: 'DELETE', path: '/api/v1/tokens/{name}', keyed: true },
  'session.create': { method: 'POST', path: '/api/v1/session', keyed: false },
  'session.get': { method: 'GET', path: '/api/v1/session', keyed: false },
  'session.delete': { method: 'DELETE', path: '/api/v1/session', keyed: false },
  'namespaces.create': { method: 'POST', path: '/api/v1/namespaces', keyed: true },
  'namespaces.list': { method: 'GET', path: '/api/v1/namespaces', keyed: false },
  'server.version': { method: 'GET', path: '/api/v1/version', keyed: false },
  'server.config': { method: 'GET', path: '/api/v1/config', keyed: false },
  'server.status': { method: 'GET', path: '/api/v1/status', keyed: false },
  'server.live': { method: 'GET', path: '/livez', keyed: false },
  'server.ready': { method: 'GET', path: '/readyz', keyed: false },
  'server.health': { method: 'GET', path: '/health', keyed: false },
  'server.metrics': { method: 'GET', path: '/metrics', keyed: false },
  'metrics.history': { method: 'GET', path: '/api/v1/metrics/history', keyed: false },
  'server.openapi': { method: 'GET', path: '/openapi.json', keyed: false },
} as const;

export type OperationName = keyof typeof OPERATIONS;

// One method for each operation, by noun and verb.
export interface Api {
  readonly tasks: {
    /** Submit a task (`POST /api/v1/tasks`) */
    submit(input: Input<'tasks.submit'>, options?: CallOptions): Promise<Reply<'tasks.submit'>>;
    /** List tasks, newest first: live ones, then ended ones (`GET /api/v1/tasks`) */
    list(input?: Input<'tasks.list'>, options?: CallOptions): Promise<Reply<'tasks.list'>>;
    /** Submit up to 1,000 tasks, all or none (`POST /api/v1/tasks/batch`) */
    batch(input: Input<'tasks.batch'>, options?: CallOptions): Promise<Reply<'tasks.batch'>>;
    /** Cancel or retry all tasks that a filter matches (`POST /api/v1/tasks/bulk`) */
    bulk(input: Input<'tasks.bulk'>, options?: CallOptions): Promise<Reply<'tasks.bulk'>>;
    /** How far a bulk change is (`GET /api/v1/tasks/bulk/{id}`) */
    getBulk(input: Input<'tasks.get_bulk'>, options?: CallOptions): Promise<Reply<'tasks.get_bulk'>>;
    /** Take tasks to work on; waits up to waitMs for some (`POST /api/v1/tasks/lease`) */
    lease(input: Input<'tasks.lease'>, options?: CallOptions): Promise<Reply<'tasks.lease'>>;
    /** Report many outcomes and take the next tasks in one round trip (`POST /api/v1/tasks/report`) */
    report(input: Input<'tasks.report'>, options?: CallOptions): Promise<Reply<'tasks.report'>>;
    /** A task; with waitMs the answer comes when it has ended (`GET /api/v1/tasks/{id}`) */
    get(input: Input<'tasks.get'>, options?: CallOptions): Promise<Reply<'tasks.get'>>;
    /** Every transition of a task, oldest first (`GET /api/v1/tasks/{id}/history`) */
    history(input: Input<'tasks.history'>, options?: CallOptions): Promise<Reply<'tasks.history'>>;
    /** The log lines of a task (`GET /api/v1/tasks/{id}/logs`) */
    logs(input: Input<'tasks.logs'>, options?: CallOptions): Promise<Reply<'tasks.logs'>>;
    /** Cancel a task (`POST /api/v1/tasks/{id}/cancel`) */
    cancel(input: Input<'tasks.cancel'>, options?: CallOptions): Promise<Reply<'tasks.cancel'>>;
    /** Give a failed task fresh attempts (`POST /api/v1/tasks/{id}/retry`) */
    retry(input: Input<'tasks.retry'>, options?: CallOptions): Promise<Reply<'tasks.retry'>>;
    /** Begin a task that was leased with start: false (`POST /api/v1/tasks/{id}/start`) */
    start(input: Input<'tasks.start'>, options?: CallOptions): Promise<Reply<'tasks.start'>>;
    /** Let a running task rest: its time stands still, its slot is free, its lease stays (`POST /api/v1/tasks/{id}/suspend`) */
    suspend(input: Input<'tasks.suspend'>, options?: CallOptions): Promise<Reply<'tasks.suspend'>>;
    /** Let a suspended task go on (`POST /api/v1/tasks/{id}/resume`) */
    resume(input: Input<'tasks.resume'>, options?: CallOptions): Promise<Reply<'tasks.resume'>>;
    /** Say how far a leased task is (`POST /api/v1/tasks/{id}/progress`) */
    progress(input: Input<'tasks.progress'>, options?: CallOptions): Promise<Reply<'tasks.progress'>>;
    /** Add lines to the log of a leased task (`POST /api/v1/tasks/{id}/log`) */
    log(input: Input<'tasks.log'>, options?: CallOptions): Promise<Reply<'tasks.log'>>;
    /** Report that a leased task is done (`POST /api/v1/tasks/{id}/complete`) */
    complete(input: Input<'tasks.complete'>, options?: CallOptions): Promise<Reply<'tasks.complete'>>;
    /** Report that an attempt has failed (`POST /api/v1/tasks/{id}/fail`) */
    fail(input: Input<'tasks.fail'>, options?: CallOptions): Promise<Reply<'tasks.fail'>>;
    /** Hand a leased task back to its queue, uncounted (`POST /api/v1/tasks/{id}/release`) */
    release(input: Input<'tasks.release'>, options?: CallOptions): Promise<Reply<'tasks.release'>>;
    /** Make a lease last longer (`POST /api/v1/tasks/{id}/extend`) */
    extend(input: Input<'tasks.extend'>, options?: CallOptions): Promise<Reply<'tasks.extend'>>;
    /** Ask a person in the middle of a task, which is suspended until the answer (`POST /api/v1/tasks/{id}/ask`) */
    ask(input: Input<'tasks.ask'>, options?: CallOptions): Promise<Reply<'tasks.ask'>>;
  };
  readonly workers: {
    /** Register a worker; a newer session of the same name takes over (`POST /api/v1/workers`) */
    register(input?: Input<'workers.register'>, options?: CallOptions): Promise<Reply<'workers.register'>>;
    /** List workers by name (`GET /api/v1/workers`) */
    list(input?: Input<'workers.list'>, options?: CallOptions): Promise<Reply<'workers.list'>>;
    /** A worker with its leases (`GET /api/v1/workers/{id}`) */
    get(input: Input<'workers.get'>, options?: CallOptions): Promise<Reply<'workers.get'>>;
    /** Remove a worker; its tasks go to others (`DELETE /api/v1/workers/{id}`) */
    deregister(input: Input<'workers.deregister'>, options?: CallOptions): Promise<Reply<'workers.deregister'>>;
    /** A sign of life: renews the worker's leases, tells what was cancelled (`POST /api/v1/workers/{id}/heartbeat`) */
    heartbeat(input: Input<'workers.heartbeat'>, options?: CallOptions): Promise<Reply<'workers.heartbeat'>>;
    /** Give a worker no more tasks; it finishes what it has (`POST /api/v1/workers/{id}/drain`) */
    drain(input: Input<'workers.drain'>, options?: CallOptions): Promise<Reply<'workers.drain'>>;
  };
  readonly queues: {
    /** List queues with their statistics (`GET /api/v1/queues`) */
    list(input?: Input<'queues.list'>, options?: CallOptions): Promise<Reply<'queues.list'>>;
    /** Depth, age, rates and durations of a queue (`GET /api/v1/queues/{name}`) */
    get(input: Input<'queues.get'>, options?: CallOptions): Promise<Reply<'queues.get'>>;
    /** Set how many tasks a queue may hold and start (`PUT /api/v1/queues/{name}`) */
    configure(input: Input<'queues.configure'>, options?: CallOptions): Promise<Reply<'queues.configure'>>;
    /** Hand out no more tasks of a queue, for a time or until it is resumed (`POST /api/v1/queues/{name}/pause`) */
    pause(input: Input<'queues.pause'>, options?: CallOptions): Promise<Reply<'queues.pause'>>;
    /** Hand out tasks of a queue again, and take new ones (`POST /api/v1/queues/{name}/resume`) */
    resume(input: Input<'queues.resume'>, options?: CallOptions): Promise<Reply<'queues.resume'>>;
    /** Take no new tasks into a queue; those in it are worked off (`POST /api/v1/queues/{name}/drain`) */
    drain(input: Input<'queues.drain'>, options?: CallOptions): Promise<Reply<'queues.drain'>>;
  };
  readonly graph: {
    /** Dependencies with states, a topological order and the critical path by measured durations (`GET /api/v1/graph`) */
    get(input?: Input<'graph.get'>, options?: CallOptions): Promise<Reply<'graph.get'>>;
    /** The same as a graph of Graphviz (DOT) (`GET /api/v1/graph.dot`) */
    dot(input?: Input<'graph.dot'>, options?: CallOptions): Promise<Reply<'graph.dot'>>;
  };
  readonly cascades: {
    /** What is being done in many steps: lost workers, dependents, bulk changes (`GET /api/v1/cascades`) */
    list(input?: Input<'cascades.list'>, options?: CallOptions): Promise<Reply<'cascades.list'>>;
  };
  readonly schedules: {
    /** Create or change a schedule: when, and which task it submits then (`PUT /api/v1/schedules/{name}`) */
    set(input: Input<'schedules.set'>, options?: CallOptions): Promise<Reply<'schedules.set'>>;
    /** A schedule with its latest runs and its next times (`GET /api/v1/schedules/{name}`) */
    get(input: Input<'schedules.get'>, options?: CallOptions): Promise<Reply<'schedules.get'>>;
    /** Delete a schedule; its runs stay (`DELETE /api/v1/schedules/{name}`) */
    delete(input: Input<'schedules.delete'>, options?: CallOptions): Promise<Reply<'schedules.delete'>>;
    /** List schedules by name, without payloads (`GET /api/v1/schedules`) */
    list(input?: Input<'schedules.list'>, options?: CallOptions): Promise<Reply<'schedules.list'>>;
    /** Let a schedule's times pass (`POST /api/v1/schedules/{name}/pause`) */
    pause(input: Input<'schedules.pause'>, options?: CallOptions): Promise<Reply<'schedules.pause'>>;
    /** Let a schedule go on with its next time (`POST /api/v1/schedules/{name}/resume`) */
    resume(input: Input<'schedules.resume'>, options?: CallOptions): Promise<Reply<'schedules.resume'>>;
    /** Submit a schedule's task now, beside its times (`POST /api/v1/schedules/{name}/run`) */
    run(input: Input<'schedules.run'>, options?: CallOptions): Promise<Reply<'schedules.run'>>;
  };
  readonly keys: {
    /** List the keys of limits with what they hold (`GET /api/v1/keys`) */
    list(input?: Input<'keys.list'>, options?: CallOptions): Promise<Reply<'keys.list'>>;
    /** The limits of a key and what it holds (`GET /api/v1/keys/{name}`) */
    get(input: Input<'keys.get'>, options?: CallOptions): Promise<Reply<'keys.get'>>;
    /** Set concurrency, rate and weight of a key (`PUT /api/v1/keys/{name}`) */
    configure(input: Input<'keys.configure'>, options?: CallOptions): Promise<Reply<'keys.configure'>>;
    /** Start no more tasks with a key, for a time or until it is resumed (`POST /api/v1/keys/{name}/pause`) */
    pause(input: Input<'keys.pause'>, options?: CallOptions): Promise<Reply<'keys.pause'>>;
    /** Start tasks with a key again (`POST /api/v1/keys/{name}/resume`) */
    resume(input: Input<'keys.resume'>, options?: CallOptions): Promise<Reply<'keys.resume'>>;
  };
  readonly taskTypes: {
    /** Say what tasks of a type have by default, and what their payloads and results must look like (`PUT /api/v1/task-types/{name}`) */
    set(input: Input<'task_types.set'>, options?: CallOptions): Promise<Reply<'task_types.set'>>;
    /** What is defined for a type (`GET /api/v1/task-types/{name}`) */
    get(input: Input<'task_types.get'>, options?: CallOptions): Promise<Reply<'task_types.get'>>;
    /** Forget what is defined for a type; its tasks stay (`DELETE /api/v1/task-types/{name}`) */
    delete(input: Input<'task_types.delete'>, options?: CallOptions): Promise<Reply<'task_types.delete'>>;
    /** List the defined types by name, without schemas (`GET /api/v1/task-types`) */
    list(input?: Input<'task_types.list'>, options?: CallOptions): Promise<Reply<'task_types.list'>>;
  };
  readonly questions: {
    /** List questions, newest first: open and ended ones (`GET /api/v1/questions`) */
    list(input?: Input<'questions.list'>, options?: CallOptions): Promise<Reply<'questions.list'>>;
    /** A question; with waitMs the answer comes when it is open no longer (`GET /api/v1/questions/{id}`) */
    get(input: Input<'questions.get'>, options?: CallOptions): Promise<Reply<'questions.get'>>;
    /** Answer a question; its task goes on (`POST /api/v1/questions/{id}/answer`) */
    answer(input: Input<'questions.answer'>, options?: CallOptions): Promise<Reply<'questions.answer'>>;
  };
  readonly incidents: {
    /** Open an incident, or count the open one of the same cause once more (`POST /api/v1/incidents`) */
    open(input: Input<'incidents.open'>, options?: CallOptions): Promise<Reply<'incidents.open'>>;
    /** List incidents, newest first: those that are open and resolved ones (`GET /api/v1/incidents`) */
    list(input?: Input<'incidents.list'>, options?: CallOptions): Promise<Reply<'incidents.list'>>;
    /** An incident with its evidence (`GET /api/v1/incidents/{id}`) */
    get(input: Input<'incidents.get'>, options?: CallOptions): Promise<Reply<'incidents.get'>>;
    /** Say that somebody looks after an incident (`POST /api/v1/incidents/{id}/acknowledge`) */
    acknowledge(input: Input<'incidents.acknowledge'>, options?: CallOptions): Promise<Reply<'incidents.acknowledge'>>;
    /** Say that an incident is over (`POST /api/v1/incidents/{id}/resolve`) */
    resolve(input: Input<'incidents.resolve'>, options?: CallOptions): Promise<Reply<'incidents.resolve'>>;
  };
  readonly inbox: {
    /** All that waits for a human: open questions, incidents, dead tasks (`GET /api/v1/inbox`) */
    list(input?: Input<'inbox.list'>, options?: CallOptions): Promise<Reply<'inbox.list'>>;
    /** Give an item of the inbox to somebody (`POST /api/v1/inbox/{item}/assign`) */
    assign(input: Input<'inbox.assign'>, options?: CallOptions): Promise<Reply<'inbox.assign'>>;
    /** Take a dead task out of the inbox (`POST /api/v1/inbox/{item}/dismiss`) */
    dismiss(input: Input<'inbox.dismiss'>, options?: CallOptions): Promise<Reply<'inbox.dismiss'>>;
  };
  readonly budgets: {
    /** Create a budget of tokens, cost and attempts, or change its limits (`PUT /api/v1/budgets/{name}`) */
    set(input: Input<'budgets.set'>, options?: CallOptions): Promise<Reply<'budgets.set'>>;
    /** A budget with what is spent of it (`GET /api/v1/budgets/{name}`) */
    get(input: Input<'budgets.get'>, options?: CallOptions): Promise<Reply<'budgets.get'>>;
    /** Delete a budget; what waited goes on (`DELETE /api/v1/budgets/{name}`) */
    delete(input: Input<'budgets.delete'>, options?: CallOptions): Promise<Reply<'budgets.delete'>>;
    /** List budgets by name, each with its fullest meters (`GET /api/v1/budgets`) */
    list(input?: Input<'budgets.list'>, options?: CallOptions): Promise<Reply<'budgets.list'>>;
    /** Allow more of a budget until its period is over; what waited goes on (`POST /api/v1/budgets/{name}/raise`) */
    raise(input: Input<'budgets.raise'>, options?: CallOptions): Promise<Reply<'budgets.raise'>>;
  };
  readonly effects: {
    /** List effects (notifications), oldest first: open ones, and others for a while (`GET /api/v1/effects`) */
    list(input?: Input<'effects.list'>, options?: CallOptions): Promise<Reply<'effects.list'>>;
    /** An effect with its attempts (`GET /api/v1/effects/{id}`) */
    get(input: Input<'effects.get'>, options?: CallOptions): Promise<Reply<'effects.get'>>;
    /** Try an effect now; one that was given up gets fresh attempts (`POST /api/v1/effects/{id}/retry`) */
    retry(input: Input<'effects.retry'>, options?: CallOptions): Promise<Reply<'effects.retry'>>;
  };
  readonly notifiers: {
    /** Send a test to a notifier, to see whether it arrives (`POST /api/v1/notifiers/{name}/test`) */
    test(input: Input<'notifiers.test'>, options?: CallOptions): Promise<Reply<'notifiers.test'>>;
  };
  readonly events: {
    /** Read the event log, oldest first (`GET /api/v1/events`) */
    query(input?: Input<'events.query'>, options?: CallOptions): Promise<Reply<'events.query'>>;
  };
  readonly tokens: {
    /** Create an access token; its secret is shown this once (`POST /api/v1/tokens`) */
    create(input: Input<'tokens.create'>, options?: CallOptions): Promise<Reply<'tokens.create'>>;
    /** List access tokens by name (`GET /api/v1/tokens`) */
    list(input?: Input<'tokens.list'>, options?: CallOptions): Promise<Reply<'tokens.list'>>;
    /** Revoke an access token; requests and streams under it end (`DELETE /api/v1/tokens/{name}`) */
    revoke(input: Input<'tokens.revoke'>, options?: CallOptions): Promise<Reply<'tokens.revoke'>>;
  };
  readonly session: {
    /** Sign a browser in: a valid token goes into a cookie that its scripts cannot read (`POST /api/v1/session`) */
    create(input: Input<'session.create'>, options?: CallOptions): Promise<Reply<'session.create'>>;
    /** Whose token this is (`GET /api/v1/session`) */
    get(input?: Input<'session.get'>, options?: CallOptions): Promise<Reply<'session.get'>>;
    /** Sign a browser out (`DELETE /api/v1/session`) */
    delete(input?: Input<'session.delete'>, options?: CallOptions): Promise<Reply<'session.delete'>>;
  };
  readonly namespaces: {
    /** Create a namespace (`POST /api/v1/namespaces`) */
    create(input: Input<'namespaces.create'>, options?: CallOptions): Promise<Reply<'namespaces.create'>>;
    /** List namespaces (`GET /api/v1/namespaces`) */
    list(input?: Input<'namespaces.list'>, options?: CallOptions): Promise<Reply<'namespaces.list'>>;
  };
  readonly server: {
    /** The server's version (`GET /api/v1/version`) */
    version(input?: Input<'server.version'>, options?: CallOptions): Promise<Reply<'server.version'>>;
    /** The effective configuration (`GET /api/v1/config`) */
    config(input?: Input<'server.config'>, options?: CallOptions): Promise<Reply<'server.config'>>;
    /** Uptime, memory and the state of every namespace (`GET /api/v1/status`) */
    status(input?: Input<'server.status'>, options?: CallOptions): Promise<Reply<'server.status'>>;
    /** Whether the process answers (`GET /livez`) */
    live(input?: Input<'server.live'>, options?: CallOptions): Promise<Reply<'server.live'>>;
    /** Whether requests are served; 503 as soon as the server stops (`GET /readyz`) */
    ready(input?: Input<'server.ready'>, options?: CallOptions): Promise<Reply<'server.ready'>>;
    /** All checks, always 200 (`GET /health`) */
    health(input?: Input<'server.health'>, options?: CallOptions): Promise<Reply<'server.health'>>;
    /** Metrics in Prometheus' text format (`GET /metrics`) */
    metrics(input?: Input<'server.metrics'>, options?: CallOptions): Promise<Reply<'server.metrics'>>;
    /** The OpenAPI 3.1 document (`GET /openapi.json`) */
    openapi(input?: Input<'server.openapi'>, options?: CallOptions): Promise<Reply<'server.openapi'>>;
  };
  readonly metrics: {
    /** Samples of the last hours: of the server, a namespace and its queues (`GET /api/v1/metrics/history`) */
    history(input?: Input<'metrics.history'>, options?: CallOptions): Promise<Reply<'metrics.history'>>;
  };
}

// What an event of each type says.
export interface EventData {
  'TASK.SUBMITTED.SUCCESS': Schemas['TaskSubmitted'];
  'TASK.QUEUED.SUCCESS': Schemas['TaskQueued'];
  'TASK.ASSIGNED.SUCCESS': Schemas['TaskAssigned'];
  'TASK.STARTED.SUCCESS': Schemas['TaskStarted'];
  'TASK.COMPLETED.SUCCESS': Schemas['TaskCompleted'];
  'TASK.FAILED.PERMANENT': Schemas['TaskFailed'];
  'TASK.FAILED.RETRY': Schemas['TaskFailed'];
  'TASK.RELEASED.SUCCESS': Schemas['TaskReleased'];
  'TASK.SUSPENDED.SUCCESS': Schemas['TaskSuspended'];
  'TASK.RESUMED.SUCCESS': Schemas['TaskResumed'];
  'TASK.CANCEL.REQUESTED': Schemas['TaskCancelRequested'];
  'TASK.CANCELLED.SUCCESS': Schemas['TaskCancelled'];
  'TASK.UNIQUE.EXPIRED': Schemas['TaskUniqueExpired'];
  'TASK.REDRIVEN.SUCCESS': Schemas['TaskRedriven'];
  'WORKER.REGISTERED.SUCCESS': Schemas['WorkerRegistered'];
  'WORKER.DRAINING.STARTED': Schemas['WorkerDraining'];
  'WORKER.LOST.TIMEOUT': Schemas['WorkerLost'];
  'WORKER.RETURNED.SUCCESS': Schemas['WorkerReturned'];
  'WORKER.DEREGISTERED.SUCCESS': Schemas['WorkerDeregistered'];
  'QUEUE.CONFIGURED.SUCCESS': Schemas['QueueConfigured'];
  'QUEUE.PAUSED.SUCCESS': Schemas['QueuePaused'];
  'QUEUE.RESUMED.SUCCESS': Schemas['QueueResumed'];
  'QUEUE.DRAINING.STARTED': Schemas['QueueDraining'];
  'KEY.CONFIGURED.SUCCESS': Schemas['KeyConfigured'];
  'KEY.PAUSED.SUCCESS': Schemas['KeyPaused'];
  'KEY.RESUMED.SUCCESS': Schemas['KeyResumed'];
  'BULK.STARTED.SUCCESS': Schemas['BulkStarted'];
  'BULK.ADVANCED.SUCCESS': Schemas['BulkAdvanced'];
  'NAMESPACE.CREATED.SUCCESS': Schemas['NamespaceCreated'];
  'TOKEN.CREATED.SUCCESS': Schemas['TokenCreated'];
  'TOKEN.REVOKED.SUCCESS': Schemas['TokenRevoked'];
  'TOKEN.EXPIRED.SUCCESS': Schemas['TokenExpired'];
  'TOKEN.USED.SUCCESS': Schemas['TokenUsed'];
  'SERVER.STARTED.SUCCESS': Schemas['ServerLifecycle'];
  'SERVER.STOPPED.SUCCESS': Schemas['ServerLifecycle'];
  'SERVER.RESTORED.SUCCESS': Schemas['ServerLifecycle'];
  'SCHEDULE.SET.SUCCESS': Schemas['ScheduleSet'];
  'SCHEDULE.PAUSED.SUCCESS': Schemas['SchedulePaused'];
  'SCHEDULE.RESUMED.SUCCESS': Schemas['ScheduleResumed'];
  'SCHEDULE.DELETED.SUCCESS': Schemas['ScheduleDeleted'];
  'SCHEDULE.FIRED.SUCCESS': Schemas['ScheduleFired'];
  'SCHEDULE.SKIPPED.SUCCESS': Schemas['ScheduleSkipped'];
  'TASKTYPE.SET.SUCCESS': Schemas['TaskTypeSet'];
  'TASKTYPE.DELETED.SUCCESS': Schemas['TaskTypeDeleted'];
  'QUESTION.ASKED.SUCCESS': Schemas['QuestionAsked'];
  'QUESTION.ANSWERED.SUCCESS': Schemas['QuestionAnswered'];
  'QUESTION.EXPIRED.TIMEOUT': Schemas['QuestionExpired'];
  'QUESTION.WITHDRAWN.SUCCESS': Schemas['QuestionWithdrawn'];
  'INCIDENT.OPENED.SUCCESS': Schemas['IncidentOpened'];
  'INCIDENT.REPEATED.SUCCESS': Schemas['IncidentRepeated'];
  'INCIDENT.ACKNOWLEDGED.SUCCESS': Schemas['IncidentAcknowledged'];
  'INCIDENT.RESOLVED.SUCCESS': Schemas['IncidentResolved'];
  'INBOX.ASSIGNED.SUCCESS': Schemas['InboxAssigned'];
  'INBOX.DISMISSED.SUCCESS': Schemas['InboxDismissed'];
  'BUDGET.SET.SUCCESS': Schemas['BudgetSet'];
  'BUDGET.DELETED.SUCCESS': Schemas['BudgetDeleted'];
  'BUDGET.WARNED.SUCCESS': Schemas['BudgetWarned'];
  'BUDGET.EXHAUSTED.SUCCESS': Schemas['BudgetExhausted'];
  'BUDGET.RAISED.SUCCESS': Schemas['BudgetRaised'];
  'BUDGET.RESET.SUCCESS': Schemas['BudgetReset'];
  'EFFECT.CREATED.SUCCESS': Schemas['EffectCreated'];
  'EFFECT.STARTED.SUCCESS': Schemas['EffectStarted'];
  'EFFECT.DELIVERED.SUCCESS': Schemas['EffectDelivered'];
  'EFFECT.FAILED.RETRY': Schemas['EffectFailed'];
  'EFFECT.GIVEN_UP.PERMANENT': Schemas['EffectGivenUp'];
  'EFFECT.RETRIED.SUCCESS': Schemas['EffectRetried'];
  'EFFECT.REMOVED.SUCCESS': Schemas['EffectRemoved'];
  'EFFECT.DROPPED.LIMIT': Schemas['EffectDropped'];
}
