// Clients and workers that go on whatever happens to the server, and remember what it acknowledged.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Answer, Json, Server } from '../e2e/support/server';
import { sleep } from '../e2e/support/api';

// A small generator of random numbers, so that a seed repeats a run's choices.
export class Random {
  constructor(private state: number) {}
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  fork(): Random {
    return new Random(this.below(2 ** 31));
  }
}

// What the server acknowledged, and what it answered that it never may.
export class Ledger {
  readonly submitted = new Map<string, string>(); // task -> type
  readonly completed = new Map<string, { lease: string; result: Json }>();
  readonly wrong: string[] = [];
  repeated = 0; // answers that were lost and asked for again
  refusals = new Map<string, number>();

  refuse(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}

// A request that is repeated until it has an answer that is not "later"; undefined: `stop` came first.
export async function insist(
  server: Server, ledger: Ledger, stop: () => boolean, method: string, path: string, body: Json, headers: Record<string, string> = {},
): Promise<Answer | undefined> {
  while (!stop()) {
    const answer = await server.call(method, path, body, { headers }).catch(() => undefined);
    if (answer !== undefined && answer.status !== 503) return answer;
    ledger.repeated++;
    await sleep(30);
  }
  return undefined;
}

const TYPES = ['raw', 'raw', 'raw', 'raw', 'raw', 'raw', 'raw', 'program'];
const OUTSTANDING_MAX = 1_500; // so that the drain at the end is short

// Submits single tasks and batches, under ids of its own and of the server's, until `stop`.
export async function submitter(name: string, server: Server, ledger: Ledger, random: Random, stop: () => boolean, ended: () => number): Promise<void> {
  const retry = { maxAttempts: 100, backoffMs: 20, maxBackoffMs: 200 };
  for (let n = 0; !stop(); n++) {
    while (!stop() && ledger.submitted.size - ended() > OUTSTANDING_MAX) await sleep(50);
    const count = random.below(3) === 0 ? 1 + random.below(30) : 1;
    const own = random.below(2) === 0;
    const tasks = Array.from({ length: count }, (_, i) => {
      const task: Json = { type: TYPES[random.below(TYPES.length)], payload: { from: name, n, i }, retry, priority: 1 + random.below(10) };
      if (own) task.id = `${name}-${n}-${i}`;
      if (own && i > 0 && random.below(4) === 0) task.dependsOn = [`${name}-${n}-${random.below(i)}`];
      return task;
    });
    const single = count === 1 && random.below(2) === 0;
    const headers: Record<string, string> = own ? {} : { 'Idempotency-Key': randomUUID() };
    const answer = single
      ? await insist(server, ledger, stop, 'POST', '/api/v1/tasks', tasks[0], headers)
      : await insist(server, ledger, stop, 'POST', '/api/v1/tasks/batch', { tasks }, headers);
    if (answer === undefined) return;
    if (answer.status !== 201 && answer.status !== 200) {
      ledger.wrong.push(`submit of ${name}-${n} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
      continue;
    }
    const made: Json[] = single ? [answer.body] : answer.body.tasks;
    made.forEach((task, i) => ledger.submitted.set(task.id, tasks[i]!.type));
  }
}

// A worker over plain HTTP that is "killed" now and then: it forgets everything and comes back under its name, or never.
export class RawWorker {
  private held: Json[] = [];
  private session = 0;
  private generation = 0;
  private readonly ghosts: Promise<void>[] = [];

  constructor(
    private readonly name: string, private readonly server: Server, private readonly ledger: Ledger, private readonly random: Random,
    private readonly stop: () => boolean, private readonly calm: () => boolean,
  ) {}

  get id(): string {
    return `${this.name}-${this.generation}`;
  }

  async run(): Promise<void> {
    await this.register();
    while (!this.stop()) {
      if (this.held.length === 0) await this.lease();
      else if (!this.calm() && this.random.below(100) === 0) await this.die();
      else await this.work();
    }
    await Promise.all(this.ghosts);
  }

  private async die(): Promise<void> {
    const forgotten = this.held;
    this.held = [];
    if (this.random.below(4) === 0) {
      this.generation++; // Nobody comes back under the old name: its leases run out.
      this.ghosts.push(this.haunt(forgotten));
    }
    await this.register();
  }

  // Reports what the dead worker held, when its leases should have run out.
  private async haunt(leases: Json[]): Promise<void> {
    await sleep(2_500 + this.random.below(2_000));
    for (const one of leases) await this.finish(one);
  }

  private ask(method: string, path: string, body: Json): Promise<Answer | undefined> {
    return insist(this.server, this.ledger, this.stop, method, path, body);
  }

  private async register(): Promise<void> {
    const answer = await this.ask('POST', '/api/v1/workers', { name: this.id, capabilities: ['raw'], maxConcurrent: 100 });
    if (answer === undefined) return;
    assert.ok(answer.status === 200 || answer.status === 201, answer.text);
    this.session = answer.body.session;
    this.held = answer.body.leases ?? []; // What a lost answer or a forgotten life left behind.
  }

  private async lease(): Promise<void> {
    const body = { workerId: this.id, session: this.session, max: 1 + this.random.below(20), waitMs: 500, leaseMs: 2_000 };
    const answer = await this.server.call('POST', '/api/v1/tasks/lease', body).catch(() => undefined);
    if (answer === undefined || answer.status === 503) {
      // Whether anything was granted cannot be known; registering again tells.
      await sleep(30);
      return this.register();
    }
    if (answer.status !== 200) {
      this.ledger.refuse(answer.body?.code ?? String(answer.status));
      return this.register();
    }
    this.held = answer.body.leases;
  }

  private async work(): Promise<void> {
    const leases = this.held;
    this.held = [];
    if (this.random.below(2) === 0) {
      for (const one of leases) await this.finish(one);
      return;
    }
    const reports = leases.map((one) => this.reportFor(one));
    const answer = await this.ask('POST', '/api/v1/tasks/report', { workerId: this.id, session: this.session, reports });
    if (answer === undefined) return;
    if (answer.status !== 200) return this.refused(answer);
    answer.body.results.forEach((result: Json, i: number) => this.judge(leases[i], reports[i], result.state, result.code));
  }

  private async finish(one: Json): Promise<void> {
    const { taskId, outcome, ...rest } = this.reportFor(one);
    const verb = outcome === 'completed' ? 'complete' : outcome === 'failed' ? 'fail' : 'release';
    const answer = await this.ask('POST', `/api/v1/tasks/${taskId}/${verb}`, rest);
    if (answer === undefined) return;
    if (answer.status === 200) this.judge(one, { outcome, ...rest }, answer.body.state, undefined);
    else if (answer.status === 409 || answer.status === 404) this.judge(one, { outcome, ...rest }, undefined, answer.body.code);
    else this.refused(answer);
  }

  private reportFor(one: Json): Json {
    const report: Json = { taskId: one.task.id, lease: one.lease };
    const dice = this.calm() ? 99 : this.random.below(100);
    if (dice < 3) return { ...report, outcome: 'failed', error: { message: 'dice' } };
    if (dice < 6) return { ...report, outcome: 'released' };
    return { ...report, outcome: 'completed', result: { lease: one.lease } };
  }

  private judge(one: Json, report: Json, state: string | undefined, code: string | undefined): void {
    if (code !== undefined) {
      this.ledger.refuse(code);
      if (code !== 'stale_lease') this.ledger.wrong.push(`${report.outcome} of ${one.task.id} under ${one.lease}: ${code}`);
    } else if (report.outcome === 'completed') {
      if (state !== 'completed') this.ledger.wrong.push(`completed ${one.task.id} is ${state}`);
      this.ledger.completed.set(one.task.id, { lease: one.lease, result: report.result });
    }
  }

  private refused(answer: Answer): Promise<void> | void {
    const code = answer.body?.code ?? String(answer.status);
    this.ledger.refuse(code);
    if (code === 'session_replaced' || code === 'unknown_worker') return this.register();
    this.ledger.wrong.push(`${this.id} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  }
}
