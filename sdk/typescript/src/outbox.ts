// The way out of a worker: log lines in batches, outcomes together, each outcome after its task's lines. Keeps what it has
// while the server is away: repeating is safe, since lines carry a key and outcomes their lease.
import { randomUUID } from 'node:crypto';
import { pause } from './abort.js';
import { ArbiterError } from './error.js';
import type { Schemas } from './operation.js';
import type { Session } from './session.js';
import { pieces, wellFormed } from './text.js';

const LOG_DELAY_MS = 200;
const LOG_LINES_MAX = 1_000; // per request
const LOG_BYTES_MAX = 256 * 1024; // per request
const LOG_BACKLOG_BYTES_MAX = 4 * 1024 * 1024; // per task, while the server is away
const LINE_LENGTH_MAX = 16 * 1024; // of characters, which have at most 4 bytes: the server takes 64 KiB
const REPORTS_MAX = 1_000; // per request
const REPORT_BYTES_MAX = 8 * 1024 * 1024; // per request, unless one alone has more

export type Report = Schemas['Report'];

export interface OutboxHooks {
  // A request failed. True: it is to be repeated, after a pause that this has made.
  recover(error: unknown, seen: number | undefined, failures: number, signal: AbortSignal): Promise<boolean>;
  onAnswer(answer: Schemas['ReportReply']): void;
  onCancelled(lease: string): void;
  onLost(lease: string): void;
  onReported(lease: string): void;
  remark(text: string): void;
}

class Backlog {
  readonly lines: string[] = [];
  bytes = 0;
  dropped = 0;
  constructor(readonly taskId: string) {}

  add(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.bytes + bytes > LOG_BACKLOG_BYTES_MAX) {
      this.dropped++;
      return;
    }
    this.bytes += bytes;
    this.lines.push(line);
  }
}

export class Outbox {
  private backlogs = new Map<string, Backlog>(); // by lease
  private reports: Report[] = [];
  private wake: (() => void) | undefined;
  private closing = false;
  private readonly closed = new AbortController();
  private readonly loop: Promise<void>;

  constructor(private readonly session: Session, private readonly hooks: OutboxHooks) {
    this.loop = this.run();
  }

  addLines(taskId: string, lease: string, text: string): void {
    const backlog = this.backlogs.get(lease) ?? new Backlog(taskId);
    this.backlogs.set(lease, backlog);
    const lines = wellFormed(text).split('\n');
    if (lines.length > 1 && lines.at(-1) === '') lines.pop();
    for (const line of lines) {
      for (const piece of pieces(line, LINE_LENGTH_MAX)) backlog.add(piece);
    }
    this.wake?.();
  }

  addReport(report: Report): void {
    this.reports.push(report);
    this.wake?.();
  }

  // Sends what is left, for at most `ms`. False: something could not be sent.
  async close(ms: number): Promise<boolean> {
    this.closing = true;
    this.wake?.();
    const timer = setTimeout(() => this.closed.abort(new Error('the outbox is closed')), ms);
    await this.loop;
    clearTimeout(timer);
    return this.reports.length === 0 && this.backlogs.size === 0;
  }

  private get empty(): boolean {
    return this.reports.length === 0 && this.backlogs.size === 0;
  }

  private async run(): Promise<void> {
    const { signal } = this.closed;
    try {
      for (;;) {
        if (this.empty) {
          if (this.closing) return;
          await new Promise<void>((resolve) => (this.wake = resolve));
          this.wake = undefined;
          continue;
        }
        if (this.reports.length === 0 && !this.closing) await this.collectLines();
        for (const lease of [...this.backlogs.keys()]) await this.sendLines(lease);
        if (this.reports.length > 0) await this.sendReports();
      }
    } catch (error) {
      if (!signal.aborted) this.hooks.remark(`what is left of logs and outcomes cannot be sent: ${(error as Error).message}`);
    }
  }

  // Lines that come soon go together; an outcome does not wait for more.
  private async collectLines(): Promise<void> {
    const hurry = new AbortController();
    this.wake = () => this.reports.length > 0 || this.closing ? hurry.abort() : undefined;
    await pause(LOG_DELAY_MS, hurry.signal).catch(() => undefined);
    this.wake = undefined;
  }

  private async sendLines(lease: string): Promise<void> {
    const backlog = this.backlogs.get(lease)!;
    while (backlog.lines.length > 0 || backlog.dropped > 0) {
      const lines = takeLines(backlog);
      const idempotencyKey = randomUUID();
      await this.insist(async () => {
        const status = await this.session.client.tasks.log({ id: backlog.taskId, lease, lines }, { idempotencyKey, signal: this.closed.signal });
        if (status.cancelRequested) this.hooks.onCancelled(lease);
      }, (error) => {
        // About the lease: the work is for nothing. About these lines: the others may do.
        if (['stale_lease', 'not_found', 'invalid_state'].includes(error.code)) {
          backlog.lines.length = 0;
          this.hooks.onLost(lease);
        } else {
          this.hooks.remark(`lines of the log of ${backlog.taskId} were refused: ${error.message}`);
        }
      });
    }
    this.backlogs.delete(lease);
  }

  private async sendReports(): Promise<void> {
    const count = fitting(this.reports);
    const part = this.reports.slice(0, count);
    await this.insist(async () => {
      const answer = await this.post(part);
      this.reports.splice(0, count);
      part.forEach((report, i) => this.settle(report, answer.results[i]));
      this.hooks.onAnswer(answer);
    }, async (error) => {
      this.reports.splice(0, count);
      await this.refused(part, error);
    });
  }

  private post(reports: Report[]): Promise<Schemas['ReportReply']> {
    const { client, workerId, number } = this.session;
    const alone = reports.length === 1 ? reports[0]!.traceparent : undefined;
    const body = { workerId, reports, ...(number === undefined ? {} : { session: number }) };
    return client.tasks.report(body, { signal: this.closed.signal, ...(alone === undefined ? {} : { traceparent: alone }) });
  }

  // Sends until it is sent, or refused for good.
  private async insist(send: () => Promise<void>, refused: (error: ArbiterError) => void | Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      const seen = this.session.number;
      try {
        return await send();
      } catch (error) {
        if (this.closed.signal.aborted || !(error instanceof ArbiterError)) throw error;
        const passing = error.passing || error.status >= 500 || error.code === 'unknown_worker' || error.code === 'session_replaced' || error.code === 'unauthorized';
        if (!passing) return refused(error);
        if (!(await this.hooks.recover(error, seen, failures, this.closed.signal))) throw error;
      }
    }
  }

  private settle(report: Report, result: Schemas['ReportResult'] | undefined): void {
    if (result?.code === undefined) return this.hooks.onReported(report.lease);
    this.hooks.remark(`the outcome of ${report.taskId} was refused: ${result.message ?? result.code}`);
    const failure = failureOf(report, result.code, result.message ?? result.code);
    if (failure === undefined) return this.hooks.onReported(report.lease);
    this.reports.push(failure); // The attempt is ours still.
  }

  // The server will not take the request as it is: each report then goes alone, and one that is refused alone (a result too
  // large, say) becomes a failure that says so.
  private async refused(reports: Report[], error: ArbiterError): Promise<void> {
    for (const report of reports) {
      let why = error;
      if (reports.length > 1) {
        try {
          this.settle(report, (await this.post([report])).results[0]);
          continue;
        } catch (again) {
          if (!(again instanceof ArbiterError) || again.passing) throw again;
          why = again;
        }
      }
      this.settle(report, { taskId: report.taskId, code: why.code, message: why.message });
    }
  }
}

function takeLines(backlog: Backlog): string[] {
  if (backlog.dropped > 0) {
    backlog.lines.push(`[${backlog.dropped} lines dropped: the log could not be sent in time]`);
    backlog.dropped = 0;
  }
  let bytes = 0;
  let count = 0;
  while (count < Math.min(backlog.lines.length, LOG_LINES_MAX) && bytes < LOG_BYTES_MAX) bytes += Buffer.byteLength(backlog.lines[count++]!);
  backlog.bytes = Math.max(0, backlog.bytes - bytes);
  return backlog.lines.splice(0, count);
}

// How many reports from the first on go into one request.
function fitting(reports: Report[]): number {
  let bytes = 0;
  let count = 0;
  while (count < Math.min(reports.length, REPORTS_MAX)) {
    bytes += Buffer.byteLength(JSON.stringify(reports[count]));
    if (count > 0 && bytes > REPORT_BYTES_MAX) break;
    count++;
  }
  return count;
}

// What becomes of a result that the server will not take. Another attempt may have one that fits its schema.
function failureOf(report: Report, code: string, message: string): Report | undefined {
  if (report.outcome !== 'completed' || (code !== 'invalid_request' && code !== 'too_large')) return undefined;
  const { taskId, lease, usage, traceparent } = report;
  return {
    taskId, lease, outcome: 'failed', retryable: code === 'invalid_request', error: { message: `The server refused the outcome: ${message}`.slice(0, 2_000), code },
    ...(usage === undefined ? {} : { usage }), ...(traceparent === undefined ? {} : { traceparent }),
  };
}
