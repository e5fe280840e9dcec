// Made by generate.mjs from the OpenAPI document of the server. Do not edit.
export interface paths {
    "/api/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List tasks, newest first: live ones, then ended ones */
        get: operations["tasks.list"];
        put?: never;
        /** Submit a task */
        post: operations["tasks.submit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Submit up to 1,000 tasks, all or none */
        post: operations["tasks.batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel or retry all tasks that a filter matches */
        post: operations["tasks.bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/bulk/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a bulk change is */
        get: operations["tasks.get_bulk"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/lease": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take tasks to work on; waits up to waitMs for some */
        post: operations["tasks.lease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report many outcomes and take the next tasks in one round trip */
        post: operations["tasks.report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A task; with waitMs the answer comes when it has ended */
        get: operations["tasks.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every transition of a task, oldest first */
        get: operations["tasks.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The log lines of a task */
        get: operations["tasks.logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a task */
        post: operations["tasks.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a failed task fresh attempts */
        post: operations["tasks.retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a task that was leased with start: false */
        post: operations["tasks.start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a running task rest: its time stands still, its slot is free, its lease stays */
        post: operations["tasks.suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a suspended task go on */
        post: operations["tasks.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/progress": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say how far a leased task is */
        post: operations["tasks.progress"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add lines to the log of a leased task */
        post: operations["tasks.log"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report that a leased task is done */
        post: operations["tasks.complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/fail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report that an attempt has failed */
        post: operations["tasks.fail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand a leased task back to its queue, uncounted */
        post: operations["tasks.release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a lease last longer */
        post: operations["tasks.extend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List workers by name */
        get: operations["workers.list"];
        put?: never;
        /** Register a worker; a newer session of the same name takes over */
        post: operations["workers.register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A worker with its leases */
        get: operations["workers.get"];
        put?: never;
        post?: never;
        /** Remove a worker; its tasks go to others */
        delete: operations["workers.deregister"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A sign of life: renews the worker's leases, tells what was cancelled */
        post: operations["workers.heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a worker no more tasks; it finishes what it has */
        post: operations["workers.drain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List queues with their statistics */
        get: operations["queues.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Depth, age, rates and durations of a queue */
        get: operations["queues.get"];
        /** Set how many tasks a queue may hold and start */
        put: operations["queues.configure"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand out no more tasks of a queue, for a time or until it is resumed */
        post: operations["queues.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand out tasks of a queue again, and take new ones */
        post: operations["queues.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/queues/{name}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take no new tasks into a queue; those in it are worked off */
        post: operations["queues.drain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/graph": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Dependencies with states, a topological order and the critical path by measured durations */
        get: operations["graph.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/graph.dot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same as a graph of Graphviz (DOT) */
        get: operations["graph.dot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cascades": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is being done in many steps: lost workers, dependents, bulk changes */
        get: operations["cascades.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A schedule with its latest runs and its next times */
        get: operations["schedules.get"];
        /** Create or change a schedule: when, and which task it submits then */
        put: operations["schedules.set"];
        post?: never;
        /** Delete a schedule; its runs stay */
        delete: operations["schedules.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List schedules by name, without payloads */
        get: operations["schedules.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a schedule's times pass */
        post: operations["schedules.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a schedule go on with its next time */
        post: operations["schedules.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules/{name}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Submit a schedule's task now, beside its times */
        post: operations["schedules.run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the keys of limits with what they hold */
        get: operations["keys.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The limits of a key and what it holds */
        get: operations["keys.get"];
        /** Set concurrency, rate and weight of a key */
        put: operations["keys.configure"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start no more tasks with a key, for a time or until it is resumed */
        post: operations["keys.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start tasks with a key again */
        post: operations["keys.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/task-types/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is defined for a type */
        get: operations["task_types.get"];
        /** Say what tasks of a type have by default, and what their payloads and results must look like */
        put: operations["task_types.set"];
        post?: never;
        /** Forget what is defined for a type; its tasks stay */
        delete: operations["task_types.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/task-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the defined types by name, without schemas */
        get: operations["task_types.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/ask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask a person in the middle of a task, which is suspended until the answer */
        post: operations["tasks.ask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List questions, newest first: open and ended ones */
        get: operations["questions.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/questions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A question; with waitMs the answer comes when it is open no longer */
        get: operations["questions.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/questions/{id}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer a question; its task goes on */
        post: operations["questions.answer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List incidents, newest first: those that are open and resolved ones */
        get: operations["incidents.list"];
        put?: never;
        /** Open an incident, or count the open one of the same cause once more */
        post: operations["incidents.open"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An incident with its evidence */
        get: operations["incidents.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that somebody looks after an incident */
        post: operations["incidents.acknowledge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that an incident is over */
        post: operations["incidents.resolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that waits for a human: open questions, incidents, dead tasks */
        get: operations["inbox.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{item}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give an item of the inbox to somebody */
        post: operations["inbox.assign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{item}/dismiss": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a dead task out of the inbox */
        post: operations["inbox.dismiss"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A budget with what is spent of it */
        get: operations["budgets.get"];
        /** Create a budget of tokens, cost and attempts, or change its limits */
        put: operations["budgets.set"];
        post?: never;
        /** Delete a budget; what waited goes on */
        delete: operations["budgets.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List budgets by name, each with its fullest meters */
        get: operations["budgets.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{name}/raise": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Allow more of a budget until its period is over; what waited goes on */
        post: operations["budgets.raise"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List effects (notifications), oldest first: open ones, and others for a while */
        get: operations["effects.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/effects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An effect with its attempts */
        get: operations["effects.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/effects/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try an effect now; one that was given up gets fresh attempts */
        post: operations["effects.retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifiers/{name}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a test to a notifier, to see whether it arrives */
        post: operations["notifiers.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the event log, oldest first */
        get: operations["events.query"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events as they happen, as server-sent events */
        get: operations["events.stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events as they happen, over a WebSocket with many subscriptions */
        get: operations["events.socket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List access tokens by name */
        get: operations["tokens.list"];
        put?: never;
        /** Create an access token; its secret is shown this once */
        post: operations["tokens.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an access token; requests and streams under it end */
        delete: operations["tokens.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whose token this is */
        get: operations["session.get"];
        put?: never;
        /** Sign a browser in: a valid token goes into a cookie that its scripts cannot read */
        post: operations["session.create"];
        /** Sign a browser out */
        delete: operations["session.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/namespaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List namespaces */
        get: operations["namespaces.list"];
        put?: never;
        /** Create a namespace */
        post: operations["namespaces.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's version */
        get: operations["server.version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The effective configuration */
        get: operations["server.config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Uptime, memory and the state of every namespace */
        get: operations["server.status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["server.live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests are served; 503 as soon as the server stops */
        get: operations["server.ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All checks, always 200 */
        get: operations["server.health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in Prometheus' text format */
        get: operations["server.metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Samples of the last hours: of the server, a namespace and its queues */
        get: operations["metrics.history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The OpenAPI 3.1 document */
        get: operations["server.openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AcknowledgeIncident: {
            comment?: string;
        };
        AnswerQuestion: {
            comment?: string;
            answer: string;
        };
        AppendLog: {
            lines: string[];
            lease: string;
        };
        AskQuestion: {
            questionId?: string;
            lease: string;
            text: string;
            options?: string[];
            default?: string;
            details?: unknown;
            expiresInMs?: number;
        };
        AssignInboxItem: {
            assignee?: string;
        };
        BudgetAmounts: {
            tokens?: number;
            cost?: number;
            attempts?: number;
        };
        BudgetDeleted: {
            name?: string;
        };
        BudgetExhausted: {
            name?: string;
            /** @enum {string} */
            scope?: "task" | "lineage" | "worker" | "queue" | "key" | "namespace";
            subject?: string;
            tokens?: number;
            cost?: number;
            attempts?: number;
            limits?: components["schemas"]["BudgetAmounts"];
        };
        BudgetList: {
            items: components["schemas"]["BudgetView"][];
            nextCursor?: string;
        };
        BudgetMeterView: {
            subject: string;
            tokens: number;
            cost: number;
            attempts: number;
            raised: components["schemas"]["BudgetAmounts"];
            share: number;
            /** @enum {string} */
            state: "open" | "warned" | "exhausted";
        };
        BudgetRaised: {
            name?: string;
            /** @enum {string} */
            scope?: "task" | "lineage" | "worker" | "queue" | "key" | "namespace";
            subject?: string;
            by?: components["schemas"]["BudgetAmounts"];
            reason?: string;
        };
        BudgetReset: {
            name?: string;
            /** Format: date-time */
            startedAt?: string;
            /** Format: date-time */
            resetsAt?: string;
        };
        BudgetSet: {
            name?: string;
            definition?: components["schemas"]["BudgetSpec"];
            /** Format: date-time */
            startedAt?: string;
            /** Format: date-time */
            resetsAt?: string;
        };
        BudgetSpec: {
            tokens?: number;
            cost?: number;
            attempts?: number;
            /** @enum {string} */
            scope?: "task" | "lineage" | "worker" | "queue" | "key" | "namespace";
            subject?: string;
            /** @enum {string} */
            period?: "total" | "day";
            timeZone?: string;
            /** @enum {string} */
            onLimit?: "pause" | "refuse";
        };
        BudgetView: {
            name: string;
            /** @enum {string} */
            scope: "task" | "lineage" | "worker" | "queue" | "key" | "namespace";
            subject?: string;
            /** @enum {string} */
            period: "total" | "day";
            timeZone?: string;
            limits: components["schemas"]["BudgetAmounts"];
            /** @enum {string} */
            onLimit: "pause" | "refuse";
            /** Format: date-time */
            periodStartedAt?: string;
            /** Format: date-time */
            resetsAt?: string;
            meters: components["schemas"]["BudgetMeterView"][];
            moreMeters: number;
            /** Format: date-time */
            createdAt: string;
        };
        BudgetWarned: {
            name?: string;
            /** @enum {string} */
            scope?: "task" | "lineage" | "worker" | "queue" | "key" | "namespace";
            subject?: string;
            tokens?: number;
            cost?: number;
            attempts?: number;
            limits?: components["schemas"]["BudgetAmounts"];
        };
        BulkAdvanced: {
            id?: string;
            scanned?: number;
            done?: number;
            cursor?: number;
            /** @enum {string} */
            state?: "running" | "done";
        };
        BulkFilter: {
            state?: ("pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled")[];
            queue?: string;
            type?: string;
            tag?: string;
        };
        BulkStarted: {
            id?: string;
            /** @enum {string} */
            action?: "cancel" | "retry";
            filter?: components["schemas"]["BulkFilter"];
            reason?: string;
        };
        BulkView: {
            id: string;
            /** @enum {string} */
            action: "cancel" | "retry";
            /** @enum {string} */
            state: "running" | "done";
            scanned: number;
            done: number;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            endedAt?: string;
        };
        CancelTask: {
            reason?: string;
        };
        Cancellation: {
            taskId: string;
            lease: string;
        };
        CascadeList: {
            items: components["schemas"]["CascadeView"][];
        };
        CascadeView: {
            /** @enum {string} */
            kind: "worker_lost" | "dependents" | "bulk";
            id: string;
            done: number;
            left?: number;
        };
        CompleteTask: {
            usage?: components["schemas"]["Usage"];
            lease: string;
            result?: unknown;
            qualityScore?: number;
        };
        ConfigureKey: {
            weight?: number;
            concurrency?: number;
            rate?: components["schemas"]["RateLimit"];
        };
        ConfigureQueue: {
            keyLimits?: components["schemas"]["KeyLimits"];
            maxDepth?: number;
            concurrency?: number;
            rate?: components["schemas"]["RateLimit"];
        };
        CreateNamespace: {
            name: string;
        };
        CreateSession: {
            token: string;
        };
        CreatedToken: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "live" | "expired" | "revoked";
            /** Format: date-time */
            createdAt?: string;
            createdBy?: string;
            /** Format: date-time */
            expiresAt?: string;
            /** Format: date-time */
            lastUsedAt?: string;
            token: string;
        };
        DismissInboxItem: {
            reason?: string;
        };
        Done: Record<string, never>;
        DrainQueue: {
            reason?: string;
        };
        DrainWorker: Record<string, never>;
        Durations: {
            samples: number;
            p50Ms: number;
            p95Ms: number;
            p99Ms: number;
        };
        EffectCreated: {
            id?: string;
            notifier?: string;
            type?: string;
            /** @enum {string} */
            severity?: "info" | "warning" | "critical";
            cause?: string;
            title?: string;
            position?: number;
        };
        EffectDelivered: {
            id?: string;
            attempt?: number;
            /** Format: date-time */
            quietUntil?: string;
        };
        EffectDropped: {
            name?: string;
            cause?: string;
            dropped?: number;
        };
        EffectFailed: {
            id?: string;
            attempt?: number;
            error?: string;
            /** Format: date-time */
            retryAt?: string;
        };
        EffectGivenUp: {
            id?: string;
            attempt?: number;
            error?: string;
        };
        EffectList: {
            items: components["schemas"]["EffectView"][];
            nextCursor?: string;
        };
        EffectRemoved: {
            id?: string;
        };
        EffectRetried: {
            id?: string;
        };
        EffectStarted: {
            id?: string;
            attempt?: number;
            /** Format: date-time */
            until?: string;
        };
        EffectView: {
            id: string;
            notifier: string;
            /** @enum {string} */
            state: "waiting" | "started" | "delivered" | "given_up";
            type: string;
            /** @enum {string} */
            severity: "info" | "warning" | "critical";
            cause: string;
            title: string;
            position?: number;
            attempt: number;
            failures: number;
            error?: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            nextAt?: string;
            /** Format: date-time */
            endedAt?: string;
        };
        EventList: {
            items: components["schemas"]["EventView"][];
            nextCursor?: string;
        };
        EventView: {
            position: number;
            id: string;
            type: string;
            tags: string[];
            /** Format: date-time */
            time: string;
            data?: unknown;
            metadata?: unknown;
        };
        ExtendLease: {
            leaseMs?: number;
            lease: string;
        };
        FailTask: {
            usage?: components["schemas"]["Usage"];
            lease: string;
            error: components["schemas"]["TaskError"];
            retryable?: boolean;
        };
        FetchNext: {
            max?: number;
            waitMs?: number;
            leaseMs?: number;
            start?: boolean;
            types?: string[];
            queues?: string[];
        };
        FieldError: {
            field?: string;
            message?: string;
        };
        Graph: {
            nodes: components["schemas"]["GraphNode"][];
            order: string[];
            criticalPath: string[];
            criticalPathMs: number;
            truncated: boolean;
        };
        GraphNode: {
            id: string;
            type: string;
            /** @enum {string} */
            state: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            dependsOn: string[];
            durationMs: number;
            estimated: boolean;
        };
        Health: {
            status: string;
            checks: components["schemas"]["HealthCheck"][];
        };
        HealthCheck: {
            name: string;
            ok: boolean;
            detail?: string;
        };
        Heartbeat: {
            suspended?: string[];
            session?: number;
            waitMs?: number;
            leases?: string[];
        };
        HeartbeatReply: {
            id: string;
            /** @enum {string} */
            state: "live" | "draining" | "lost" | "gone";
            cancellations: components["schemas"]["Cancellation"][];
            suspended: components["schemas"]["SuspendedLease"][];
            lost: components["schemas"]["Cancellation"][];
            drain: boolean;
            running: number;
        };
        InboxAssigned: {
            item?: string;
            assignee?: string;
        };
        InboxCounts: {
            questions: number;
            incidents: number;
            deadTasks: number;
        };
        InboxDismissed: {
            item?: string;
            reason?: string;
        };
        InboxItem: {
            item: string;
            /** @enum {string} */
            kind: "question" | "incident" | "task";
            id: string;
            state: string;
            /** @enum {string} */
            severity: "info" | "warning" | "critical";
            title: string;
            taskId?: string;
            queue?: string;
            workerId?: string;
            assignee?: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt?: string;
            options: string[];
            default?: string;
        };
        InboxList: {
            items: components["schemas"]["InboxItem"][];
            nextCursor?: string;
            open: components["schemas"]["InboxCounts"];
        };
        IncidentAcknowledged: {
            id?: string;
            comment?: string;
            by?: string;
        };
        IncidentList: {
            items: components["schemas"]["IncidentView"][];
            nextCursor?: string;
        };
        IncidentOpened: {
            id?: string;
            cause?: string;
            /** @enum {string} */
            rule?: "reported" | "queue_age" | "dead_tasks" | "worker_flapping" | "budget" | "store_closed";
            /** @enum {string} */
            severity?: "info" | "warning" | "critical";
            title?: string;
            evidence?: unknown;
            taskId?: string;
            queue?: string;
            workerId?: string;
            by?: string;
        };
        IncidentRepeated: {
            id?: string;
            cause?: string;
            /** @enum {string} */
            severity?: "info" | "warning" | "critical";
            title?: string;
            evidence?: unknown;
        };
        IncidentResolved: {
            id?: string;
            cause?: string;
            comment?: string;
            by?: string;
        };
        IncidentView: {
            id: string;
            /** @enum {string} */
            state: "open" | "acknowledged" | "resolved";
            cause: string;
            /** @enum {string} */
            rule: "reported" | "queue_age" | "dead_tasks" | "worker_flapping" | "budget" | "store_closed";
            /** @enum {string} */
            severity: "info" | "warning" | "critical";
            title: string;
            evidence?: unknown;
            count: number;
            taskId?: string;
            queue?: string;
            workerId?: string;
            assignee?: string;
            openedBy: string;
            /** Format: date-time */
            openedAt: string;
            /** Format: date-time */
            lastAt: string;
            acknowledgedBy?: string;
            /** Format: date-time */
            acknowledgedAt?: string;
            resolvedBy?: string;
            /** Format: date-time */
            resolvedAt?: string;
            comment?: string;
        };
        KeyConfigured: {
            name?: string;
            limits?: components["schemas"]["KeyLimits"];
        };
        KeyLimits: {
            concurrency?: number;
            rate?: components["schemas"]["RateLimit"];
            weight?: number;
        };
        KeyList: {
            items: components["schemas"]["KeyView"][];
            nextCursor?: string;
        };
        KeyPaused: {
            name?: string;
            /** Format: date-time */
            until?: string;
            reason?: string;
        };
        KeyResumed: {
            name?: string;
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
        };
        KeyView: {
            name: string;
            concurrency?: number;
            rate?: components["schemas"]["RateLimit"];
            weight: number;
            paused: boolean;
            /** Format: date-time */
            pausedUntil?: string;
            queued: number;
            running: number;
        };
        LeaseReply: {
            leases: components["schemas"]["LeaseView"][];
            cancellations: components["schemas"]["Cancellation"][];
            drain: boolean;
        };
        LeaseStatus: {
            id: string;
            /** @enum {string} */
            state: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            lease: string;
            attempt: number;
            /** Format: date-time */
            expiresAt?: string;
            cancelRequested: boolean;
        };
        LeaseTasks: {
            workerId: string;
            max?: number;
            waitMs?: number;
            leaseMs?: number;
            start?: boolean;
            types?: string[];
            queues?: string[];
            session?: number;
        };
        LeaseView: {
            task: components["schemas"]["TaskView"];
            lease: string;
            attempt: number;
            /** Format: date-time */
            expiresAt: string;
            traceparent?: string;
        };
        LogLineView: {
            sequence: number;
            /** Format: date-time */
            time: string;
            attempt: number;
            text: string;
        };
        LogView: {
            items: components["schemas"]["LogLineView"][];
            next: number;
            truncated: boolean;
        };
        MetricsHistory: {
            intervalMs: number;
            times: string[];
            series: components["schemas"]["SeriesView"][];
            truncated: boolean;
        };
        NamespaceCreated: {
            name?: string;
        };
        NamespaceList: {
            items: components["schemas"]["NamespaceView"][];
            nextCursor?: string;
        };
        NamespaceStatusView: {
            name: string;
            open: boolean;
            problem?: string;
            head: number;
            liveTasks: number;
            waiters: number;
            commits: number;
            failedCommits: number;
            events: number;
            commitSeconds: number;
        };
        NamespaceView: {
            name: string;
            /** Format: date-time */
            createdAt: string;
        };
        NewToken: {
            name: string;
            /** Format: date-time */
            expiresAt?: string;
            expiresInMs?: number;
        };
        OpenIncident: {
            cause: string;
            title: string;
            /** @enum {string} */
            severity?: "info" | "warning" | "critical";
            evidence?: unknown;
            taskId?: string;
            queue?: string;
            workerId?: string;
        };
        PauseKey: {
            reason?: string;
            /** Format: date-time */
            until?: string;
            forMs?: number;
        };
        PauseQueue: {
            reason?: string;
            /** Format: date-time */
            until?: string;
            forMs?: number;
        };
        PauseSchedule: Record<string, never>;
        Problem: {
            type?: string;
            title?: string;
            status?: number;
            detail?: string;
            code?: string;
            errors?: components["schemas"]["FieldError"][];
            requestId?: string;
        };
        Progress: {
            percent?: number;
            message?: string;
            /** Format: date-time */
            at: string;
        };
        QuestionAnswered: {
            id?: string;
            task?: string;
            answer?: string;
            comment?: string;
            by?: string;
        };
        QuestionAsked: {
            id?: string;
            task?: string;
            lease?: number;
            worker?: string;
            queue?: string;
            text?: string;
            options?: string[];
            default?: string;
            details?: unknown;
            /** Format: date-time */
            expiresAt?: string;
        };
        QuestionExpired: {
            id?: string;
            task?: string;
            answer?: string;
        };
        QuestionList: {
            items: components["schemas"]["QuestionView"][];
            nextCursor?: string;
        };
        QuestionView: {
            id: string;
            /** @enum {string} */
            state: "open" | "answered" | "expired" | "withdrawn";
            text: string;
            details?: unknown;
            options: string[];
            default?: string;
            answer?: string;
            comment?: string;
            answeredBy?: string;
            taskId: string;
            queue: string;
            workerId: string;
            assignee?: string;
            /** Format: date-time */
            askedAt: string;
            /** Format: date-time */
            expiresAt?: string;
            /** Format: date-time */
            endedAt?: string;
            reason?: string;
        };
        QuestionWithdrawn: {
            id?: string;
            task?: string;
            reason?: string;
        };
        QueueConfigured: {
            name?: string;
            maxDepth?: number;
            concurrency?: number;
            rate?: components["schemas"]["RateLimit"];
            keyLimits?: components["schemas"]["KeyLimits"];
        };
        QueueDraining: {
            name?: string;
            reason?: string;
        };
        QueueList: {
            items: components["schemas"]["QueueView"][];
            nextCursor?: string;
        };
        QueuePaused: {
            name?: string;
            /** Format: date-time */
            until?: string;
            reason?: string;
        };
        QueueResumed: {
            name?: string;
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
        };
        QueueView: {
            name: string;
            paused: boolean;
            /** Format: date-time */
            pausedUntil?: string;
            draining: boolean;
            drained: boolean;
            maxDepth?: number;
            concurrency?: number;
            rate?: components["schemas"]["RateLimit"];
            keyLimits?: components["schemas"]["KeyLimits"];
            depth: {
                [key: string]: number;
            };
            oldestAgeMs?: number;
            submittedPerSecond: number;
            completedPerSecond: number;
            failedPerSecond: number;
            wait: components["schemas"]["Durations"];
            run: components["schemas"]["Durations"];
        };
        RaiseBudget: {
            tokens?: number;
            cost?: number;
            attempts?: number;
            reason: string;
            subject?: string;
        };
        RateLimit: {
            count?: number;
            perMs?: number;
            burst?: number;
        };
        RegisterWorker: {
            name?: string;
            capabilities?: string[];
            languages?: string[];
            labels?: {
                [key: string]: string;
            };
            queues?: string[];
            maxConcurrent?: number;
            location?: string;
            idleMs?: number;
        };
        ReleaseTask: {
            reason?: string;
            lease: string;
        };
        Report: {
            taskId: string;
            lease: string;
            /** @enum {string} */
            outcome: "completed" | "failed" | "released";
            result?: unknown;
            error?: components["schemas"]["TaskError"];
            retryable?: boolean;
            qualityScore?: number;
            usage?: components["schemas"]["Usage"];
            traceparent?: string;
        };
        ReportProgress: {
            message?: string;
            lease: string;
            percent?: number;
        };
        ReportReply: {
            results: components["schemas"]["ReportResult"][];
            leases: components["schemas"]["LeaseView"][];
            cancellations: components["schemas"]["Cancellation"][];
            drain: boolean;
        };
        ReportResult: {
            taskId: string;
            /** @enum {string} */
            state?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            code?: string;
            message?: string;
        };
        ReportTasks: {
            workerId: string;
            reports: components["schemas"]["Report"][];
            lease?: components["schemas"]["FetchNext"];
            session?: number;
        };
        Requirements: {
            capabilities?: string[];
            languages?: string[];
            labels?: {
                [key: string]: string;
            };
            workerId?: string;
        };
        ResolveIncident: {
            comment?: string;
        };
        ResumeKey: Record<string, never>;
        ResumeQueue: Record<string, never>;
        ResumeSchedule: Record<string, never>;
        ResumeTask: {
            lease?: string;
        };
        RetryEffect: Record<string, never>;
        RetryPolicy: {
            maxAttempts?: number;
            backoffMs?: number;
            multiplier?: number;
            maxBackoffMs?: number;
            jitter?: number;
        };
        RetryTask: {
            dependents?: boolean;
        };
        RunSchedule: Record<string, never>;
        ScheduleDeleted: {
            name?: string;
        };
        ScheduleFired: {
            name?: string;
            task?: string;
            /** Format: date-time */
            dueAt?: string;
            /** Format: date-time */
            nextAt?: string;
        };
        ScheduleList: {
            items: components["schemas"]["ScheduleView"][];
            nextCursor?: string;
        };
        SchedulePaused: {
            name?: string;
            message?: string;
        };
        ScheduleResumed: {
            name?: string;
            /** Format: date-time */
            nextAt?: string;
        };
        ScheduleRun: {
            taskId?: string;
            /** Format: date-time */
            dueAt?: string;
            /** Format: date-time */
            firedAt?: string;
            /** @enum {string} */
            state?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            /** Format: date-time */
            endedAt?: string;
        };
        ScheduleSet: {
            name?: string;
            definition?: unknown;
            /** Format: date-time */
            anchorAt?: string;
            /** Format: date-time */
            nextAt?: string;
        };
        ScheduleSkip: {
            /** Format: date-time */
            firstAt: string;
            /** Format: date-time */
            lastAt: string;
            times: number;
            /** @enum {string} */
            reason: "overlap" | "misfire" | "misfire_limit" | "runs_limit" | "paused" | "replaced" | "refused";
            message?: string;
        };
        ScheduleSkipped: {
            name?: string;
            /** Format: date-time */
            firstAt?: string;
            /** Format: date-time */
            lastAt?: string;
            times?: number;
            /** @enum {string} */
            reason?: "overlap" | "misfire" | "misfire_limit" | "runs_limit" | "paused" | "replaced" | "refused";
            message?: string;
            /** Format: date-time */
            nextAt?: string;
        };
        ScheduleView: {
            name: string;
            /** @enum {string} */
            state: "active" | "paused" | "ended";
            cron?: string;
            everyMs?: number;
            timeZone: string;
            task: components["schemas"]["TaskSpec"];
            /** @enum {string} */
            overlap: "allow" | "skip" | "queue" | "cancel_running";
            /** @enum {string} */
            misfire: "skip" | "once" | "all";
            misfireAfterMs: number;
            /** Format: date-time */
            startAt?: string;
            /** Format: date-time */
            endAt?: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            nextAt?: string;
            upcoming: string[];
            live: number;
            fired: number;
            skipped: number;
            runs: components["schemas"]["ScheduleRun"][];
            lastSkip?: components["schemas"]["ScheduleSkip"];
        };
        SeriesView: {
            name: string;
            queue?: string;
            values: number[];
        };
        ServerLifecycle: {
            what?: string;
            detail?: string;
        };
        SessionView: {
            authentication: boolean;
            name: string;
            /** Format: date-time */
            expiresAt?: string;
            version: string;
        };
        SetBudget: {
            tokens?: number;
            cost?: number;
            attempts?: number;
            /** @enum {string} */
            scope: "task" | "lineage" | "worker" | "queue" | "key" | "namespace";
            subject?: string;
            /** @enum {string} */
            period?: "total" | "day";
            timeZone?: string;
            /** @enum {string} */
            onLimit?: "pause" | "refuse";
        };
        SetSchedule: {
            cron?: string;
            everyMs?: number;
            timeZone?: string;
            task: components["schemas"]["TaskSpec"];
            /** @enum {string} */
            overlap?: "allow" | "skip" | "queue" | "cancel_running";
            /** @enum {string} */
            misfire?: "skip" | "once" | "all";
            misfireAfterMs?: number;
            /** Format: date-time */
            startAt?: string;
            /** Format: date-time */
            endAt?: string;
        };
        SetTaskType: {
            description?: string;
            defaults?: components["schemas"]["TypeDefaults"];
            payloadSchema?: unknown;
            resultSchema?: unknown;
        };
        StartBulk: {
            /** @enum {string} */
            action: "cancel" | "retry";
            filter?: components["schemas"]["BulkFilter"];
            reason?: string;
        };
        StartTask: {
            lease: string;
        };
        StatusView: {
            version: string;
            /** Format: date-time */
            startedAt: string;
            uptimeMs: number;
            stopping: boolean;
            connections: number;
            residentBytes: number;
            namespacesExisting: number;
            namespaces: components["schemas"]["NamespaceStatusView"][];
        };
        SubmitBatch: {
            tasks: components["schemas"]["TaskSpec"][];
        };
        SubmitReply: {
            tasks: components["schemas"]["Submitted"][];
        };
        SubmitTask: {
            id?: string;
            type: string;
            queue?: string;
            payload?: unknown;
            priority?: number | ("low" | "normal" | "high" | "critical");
            dependsOn?: string[];
            /** @enum {string} */
            onDependencyFailure?: "cancel" | "fail" | "run";
            /** Format: date-time */
            runAt?: string;
            delayMs?: number;
            timeoutMs?: number;
            stallMs?: number;
            /** Format: date-time */
            deadline?: string;
            retry?: components["schemas"]["RetryPolicy"];
            requirements?: components["schemas"]["Requirements"];
            tags?: string[];
            metadata?: unknown;
            parentId?: string;
            concurrencyKey?: string;
            rateKey?: string;
            uniqueKey?: string;
            /** @enum {string} */
            uniqueScope?: "queued" | "running" | "window";
            uniqueWindowMs?: number;
            /** @enum {string} */
            onDuplicate?: "refuse" | "existing" | "replace";
        };
        Submitted: {
            id: string;
            /** @enum {string} */
            state: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            created: boolean;
        };
        SuspendTask: {
            reason?: string;
            lease?: string;
        };
        SuspendedLease: {
            taskId: string;
            lease: string;
            stop: boolean;
        };
        TaskAssigned: {
            id?: string;
            worker?: string;
            lease?: number;
            attempt?: number;
            leaseMs?: number;
            /** @enum {string} */
            state?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
        };
        TaskCancelRequested: {
            id?: string;
            reason?: string;
        };
        TaskCancelled: {
            id?: string;
            /** @enum {string} */
            from?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
            message?: string;
            dependency?: string;
            lease?: number;
            fingerprint?: number;
            usage?: components["schemas"]["Usage"];
        };
        TaskCompleted: {
            id?: string;
            worker?: string;
            lease?: number;
            attempt?: number;
            runMs?: number;
            fingerprint?: number;
            qualityScore?: number;
            usage?: components["schemas"]["Usage"];
        };
        TaskError: {
            message: string;
            code?: string;
            details?: unknown;
        };
        TaskFailed: {
            id?: string;
            /** @enum {string} */
            from?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            /** @enum {string} */
            state?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
            worker?: string;
            lease?: number;
            attempt?: number;
            counted?: boolean;
            fingerprint?: number;
            /** Format: date-time */
            retryAt?: string;
            error?: components["schemas"]["TaskError"];
            usage?: components["schemas"]["Usage"];
        };
        TaskList: {
            items: components["schemas"]["TaskView"][];
            nextCursor?: string;
        };
        TaskQueued: {
            id?: string;
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
        };
        TaskRedriven: {
            id?: string;
            /** @enum {string} */
            state?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            dependency?: string;
        };
        TaskReleased: {
            id?: string;
            worker?: string;
            lease?: number;
            /** @enum {string} */
            from?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
            message?: string;
        };
        TaskResumed: {
            id?: string;
            lease?: number;
            suspendedMs?: number;
        };
        TaskSpec: {
            id?: string;
            type: string;
            queue?: string;
            payload?: unknown;
            priority?: number | ("low" | "normal" | "high" | "critical");
            dependsOn?: string[];
            /** @enum {string} */
            onDependencyFailure?: "cancel" | "fail" | "run";
            /** Format: date-time */
            runAt?: string;
            delayMs?: number;
            timeoutMs?: number;
            stallMs?: number;
            /** Format: date-time */
            deadline?: string;
            retry?: components["schemas"]["RetryPolicy"];
            requirements?: components["schemas"]["Requirements"];
            tags?: string[];
            metadata?: unknown;
            parentId?: string;
            concurrencyKey?: string;
            rateKey?: string;
            uniqueKey?: string;
            /** @enum {string} */
            uniqueScope?: "queued" | "running" | "window";
            uniqueWindowMs?: number;
            /** @enum {string} */
            onDuplicate?: "refuse" | "existing" | "replace";
        };
        TaskStarted: {
            id?: string;
            lease?: number;
        };
        TaskSubmitted: {
            id?: string;
            type?: string;
            queue?: string;
            priority?: number | ("low" | "normal" | "high" | "critical");
            /** @enum {string} */
            state?: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            /** Format: date-time */
            runAt?: string;
            /** Format: date-time */
            notBefore?: string;
            rootId?: string;
            fingerprint?: number;
            traceparent?: string;
        };
        TaskSuspended: {
            id?: string;
            lease?: number;
            byHolder?: boolean;
            reason?: string;
            forQuestion?: boolean;
        };
        TaskTypeDeleted: {
            name?: string;
        };
        TaskTypeList: {
            items: components["schemas"]["TaskTypeView"][];
            nextCursor?: string;
        };
        TaskTypeSet: {
            name?: string;
            definition?: unknown;
        };
        TaskTypeView: {
            name: string;
            description?: string;
            defaults: components["schemas"]["TypeDefaults"];
            payloadSchema?: unknown;
            resultSchema?: unknown;
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            changedAt: string;
        };
        TaskUniqueExpired: {
            id?: string;
            key?: string;
        };
        TaskView: {
            id: string;
            type: string;
            queue: string;
            /** @enum {string} */
            state: "pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled";
            priority: number | ("low" | "normal" | "high" | "critical");
            attempt: number;
            maxAttempts: number;
            payload?: unknown;
            result?: unknown;
            error?: components["schemas"]["TaskError"];
            reason?: string;
            workerId?: string;
            /** Format: date-time */
            leaseExpiresAt?: string;
            progress?: components["schemas"]["Progress"];
            waitingFor?: string;
            cancelRequested: boolean;
            dependsOn: string[];
            tags: string[];
            requirements?: components["schemas"]["Requirements"];
            metadata?: unknown;
            parentId?: string;
            rootId?: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            runAt?: string;
            /** Format: date-time */
            deadline?: string;
            /** Format: date-time */
            queuedAt?: string;
            /** Format: date-time */
            startedAt?: string;
            /** Format: date-time */
            endedAt?: string;
            qualityScore?: number;
            usage?: components["schemas"]["Usage"];
            timeoutMs?: number;
            concurrencyKey?: string;
            rateKey?: string;
            uniqueKey?: string;
            traceparent?: string;
        };
        TestNotifier: Record<string, never>;
        TokenCreated: {
            hash?: string;
            name?: string;
            /** Format: date-time */
            expiresAt?: string;
            createdBy?: string;
        };
        TokenExpired: {
            hash?: string;
            name?: string;
        };
        TokenList: {
            items: components["schemas"]["TokenView"][];
            nextCursor?: string;
        };
        TokenRevoked: {
            hash?: string;
            name?: string;
        };
        TokenUsed: {
            hash?: string;
            name?: string;
            /** Format: date-time */
            at?: string;
        };
        TokenView: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "live" | "expired" | "revoked";
            /** Format: date-time */
            createdAt?: string;
            createdBy?: string;
            /** Format: date-time */
            expiresAt?: string;
            /** Format: date-time */
            lastUsedAt?: string;
        };
        TypeDefaults: {
            queue?: string;
            priority?: number | ("low" | "normal" | "high" | "critical");
            retry?: components["schemas"]["RetryPolicy"];
            timeoutMs?: number;
            stallMs?: number;
        };
        Usage: {
            inputTokens?: number;
            outputTokens?: number;
            tokens?: number;
            cost?: number;
        };
        VersionView: {
            name: string;
            version: string;
            api: string;
        };
        WorkerDeregistered: {
            id?: string;
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
        };
        WorkerDraining: {
            id?: string;
            /** @enum {string} */
            reason?: "submitted" | "dependencies" | "time" | "backoff" | "requested" | "reported" | "timeout" | "stalled" | "lease_expired" | "worker_lost" | "deadline" | "dependency_failed" | "lineage_limit" | "released" | "deregistered" | "undelivered" | "not_retryable" | "cancel_grace" | "idle" | "budget";
        };
        WorkerList: {
            items: components["schemas"]["WorkerView"][];
            nextCursor?: string;
        };
        WorkerLost: {
            id?: string;
            leases?: number;
        };
        WorkerRegistered: {
            id?: string;
            session?: number;
            definition?: components["schemas"]["RegisterWorker"];
        };
        WorkerReturned: {
            id?: string;
        };
        WorkerView: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "live" | "draining" | "lost" | "gone";
            session: number;
            capabilities: string[];
            languages: string[];
            labels: {
                [key: string]: string;
            };
            queues: string[];
            maxConcurrent: number;
            location?: string;
            idleMs?: number;
            running: number;
            leases: components["schemas"]["LeaseView"][];
            completed: number;
            failed: number;
            /** Format: date-time */
            registeredAt: string;
            /** Format: date-time */
            lastSeenAt?: string;
        };
    };
    responses: {
        /** @description A problem document (RFC 9457) */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The namespace; `default` when absent. */
        Namespace: string;
        /** @description The same as the header Arbiter-Namespace. */
        NamespaceQuery: string;
        /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
        IdempotencyKey: string;
        /** @description The position after which to go on, like `after`. */
        LastEventId: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "tasks.list": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                state?: ("pending" | "queued" | "assigned" | "running" | "suspended" | "completed" | "failed" | "cancelled")[];
                queue?: string;
                type?: string;
                tag?: string;
                workerId?: string;
                parentId?: string;
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.submit": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitTask"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.batch": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitBatch"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmitReply"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmitReply"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.bulk": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartBulk"];
            };
        };
        responses: {
            /** @description Accepted; the work goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.get_bulk": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.lease": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LeaseTasks"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseReply"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.report": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportTasks"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportReply"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.get": {
        parameters: {
            query?: {
                waitMs?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.history": {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.logs": {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.cancel": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CancelTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.retry": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RetryTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.start": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseStatus"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.suspend": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SuspendTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.resume": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResumeTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.progress": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportProgress"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseStatus"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.log": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppendLog"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseStatus"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.complete": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompleteTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.fail": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FailTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.release": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseTask"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.extend": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExtendLease"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseStatus"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "workers.list": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                state?: ("live" | "draining" | "lost" | "gone")[];
                capability?: string;
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "workers.register": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RegisterWorker"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "workers.get": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "workers.deregister": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "workers.heartbeat": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatReply"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "workers.drain": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainWorker"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "queues.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "queues.get": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "queues.configure": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ConfigureQueue"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "queues.pause": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PauseQueue"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "queues.resume": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResumeQueue"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "queues.drain": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainQueue"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "graph.get": {
        parameters: {
            query?: {
                taskId?: string;
                tag?: string;
                limit?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Graph"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "graph.dot": {
        parameters: {
            query?: {
                taskId?: string;
                tag?: string;
                limit?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/vnd.graphviz": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "cascades.list": {
        parameters: {
            query?: {
                limit?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CascadeList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.get": {
        parameters: {
            query?: {
                upcoming?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.set": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetSchedule"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.delete": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.pause": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PauseSchedule"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.resume": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResumeSchedule"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "schedules.run": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunSchedule"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "keys.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "keys.get": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "keys.configure": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ConfigureKey"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "keys.pause": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PauseKey"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "keys.resume": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResumeKey"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "task_types.get": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskTypeView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "task_types.set": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SetTaskType"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskTypeView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskTypeView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "task_types.delete": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "task_types.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskTypeList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tasks.ask": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskQuestion"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "questions.list": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                state?: ("open" | "answered" | "expired" | "withdrawn")[];
                taskId?: string;
                assignee?: string;
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "questions.get": {
        parameters: {
            query?: {
                waitMs?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "questions.answer": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerQuestion"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "incidents.list": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                state?: ("open" | "acknowledged" | "resolved")[];
                /** @description Several values are separated by commas. */
                severity?: ("info" | "warning" | "critical")[];
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "incidents.open": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenIncident"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "incidents.get": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "incidents.acknowledge": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AcknowledgeIncident"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "incidents.resolve": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ResolveIncident"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "inbox.list": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                kind?: ("question" | "incident" | "task")[];
                assignee?: string;
                /** @description Several values are separated by commas. */
                severity?: ("info" | "warning" | "critical")[];
                queue?: string;
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "inbox.assign": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                item: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AssignInboxItem"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxItem"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "inbox.dismiss": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                item: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DismissInboxItem"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "budgets.get": {
        parameters: {
            query?: {
                meters?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "budgets.set": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetBudget"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "budgets.delete": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "budgets.list": {
        parameters: {
            query?: {
                meters?: number;
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "budgets.raise": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RaiseBudget"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "effects.list": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                state?: ("waiting" | "started" | "delivered" | "given_up")[];
                notifier?: string;
                limit?: number;
                cursor?: string;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "effects.get": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "effects.retry": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RetryEffect"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "notifiers.test": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TestNotifier"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "events.query": {
        parameters: {
            query?: {
                after?: number;
                /** @description Several values are separated by commas. */
                types?: string[];
                /** @description Several values are separated by commas. */
                tags?: string[];
                limit?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "events.stream": {
        parameters: {
            query?: {
                after?: number;
                /** @description Several values are separated by commas. */
                types?: string[];
                /** @description Several values are separated by commas. */
                tags?: string[];
                task?: string;
                /** @description Several values are separated by commas. */
                snapshot?: ("tasks" | "queues" | "workers" | "inbox")[];
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
                /** @description The position after which to go on, like `after`. */
                "Last-Event-ID"?: components["parameters"]["LastEventId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "events.socket": {
        parameters: {
            query?: {
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The connection is a WebSocket from now on; docs/guides/streams.md */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    "tokens.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tokens.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "tokens.revoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "session.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "session.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSession"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "session.delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "namespaces.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "namespaces.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same request again under the same key gets the first answer, for 24 hours, with the header Idempotent-Replay. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateNamespace"];
            };
        };
        responses: {
            /** @description It was there already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusView"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "metrics.history": {
        parameters: {
            query?: {
                /** @description Several values are separated by commas. */
                names?: string[];
                queue?: string;
                sinceMs?: number;
                stepMs?: number;
                /** @description The same as the header Arbiter-Namespace. */
                namespace?: components["parameters"]["NamespaceQuery"];
            };
            header?: {
                /** @description The namespace; `default` when absent. */
                "Arbiter-Namespace"?: components["parameters"]["Namespace"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricsHistory"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    "server.openapi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}
