import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Client } from './client.js';
import { ArbiterError } from './error.js';
import { Outbox, type OutboxHooks, type Report } from './outbox.js';
import { Session } from './session.js';

// A server that takes what it gets unless `refuse` says otherwise.
class Taker {
  readonly got: string[] = [];
  refuse: (what: string) => ArbiterError | undefined = () => undefined;
  readonly results = new Map<string, { code: string; message: string }>();
  readonly client = {
    tasks: {
      log: async ({ id, lines }: { id: string; lines: string[] }) => {
        this.take(`log ${id} ${lines.length === 1 ? lines[0] : lines.length}`);
        return { cancelRequested: id === 'cancelled' };
      },
      report: async ({ reports }: { reports: Report[] }) => {
        this.take(`report ${reports.map((report) => `${report.taskId}:${report.outcome}`).join(' ')}`);
        return { results: reports.map(({ taskId, outcome }) => ({ taskId, ...(outcome === 'completed' ? this.results.get(taskId) : {}) })), leases: [], cancellations: [], drain: false };
      },
    },
  } as unknown as Client;

  private take(what: string): void {
    const error = this.refuse(what);
    this.got.push(error === undefined ? what : `${error.code}: ${what}`);
    if (error !== undefined) throw error;
  }
}

function open(taker: Taker, hooks: Partial<OutboxHooks> = {}): { outbox: Outbox; told: string[] } {
  const told: string[] = [];
  const outbox = new Outbox(new Session(taker.client, { name: 'w', capabilities: [], maxConcurrent: 1 }, () => undefined), {
    recover: async () => true,
    onAnswer: () => undefined,
    onCancelled: (lease) => told.push(`cancelled ${lease}`),
    onLost: (lease) => told.push(`lost ${lease}`),
    onReported: (lease) => told.push(`reported ${lease}`),
    remark: (text) => told.push(text),
    ...hooks,
  });
  return { outbox, told };
}

const done = (taskId: string, more: Partial<Report> = {}): Report => ({ taskId, lease: `l-${taskId}`, outcome: 'completed', ...more });
const error = (code: string, status: number): ArbiterError => new ArbiterError({ code, status, message: `It is ${code}.` });

describe('the outbox', () => {
  it('sends the lines of a task before its outcome', async () => {
    const taker = new Taker();
    const { outbox, told } = open(taker);
    outbox.addLines('a', 'l-a', 'one\ntwo\n');
    outbox.addLines('a', 'l-a', '');
    outbox.addReport(done('a'));
    outbox.addReport(done('b'));
    assert.equal(await outbox.close(5_000), true);
    assert.deepEqual(taker.got, ['log a 3', 'report a:completed b:completed']);
    assert.deepEqual(told, ['reported l-a', 'reported l-b']);
  });

  it('repeats what did not pass', async () => {
    const taker = new Taker();
    taker.refuse = () => (taker.got.length % 2 === 0 ? error('store_unavailable', 503) : undefined);
    const { outbox } = open(taker);
    outbox.addLines('a', 'l-a', 'x');
    outbox.addReport(done('a'));
    assert.equal(await outbox.close(5_000), true);
    assert.deepEqual(taker.got, ['store_unavailable: log a x', 'log a x', 'store_unavailable: report a:completed', 'report a:completed']);
  });

  it('tells of cancelled tasks and lost leases, and loses nothing else over them', async () => {
    const taker = new Taker();
    taker.refuse = (what) => (what.startsWith('log lost') ? error('stale_lease', 409) : what.startsWith('log bad') ? error('too_large', 413) : undefined);
    const { outbox, told } = open(taker);
    for (const id of ['lost', 'bad', 'cancelled']) outbox.addLines(id, `l-${id}`, 'x');
    await outbox.close(5_000);
    assert.deepEqual(told, ['lost l-lost', 'lines of the log of bad were refused: It is too_large.', 'cancelled l-cancelled']);
  });

  it('cuts long lines and drops what is over its backlog, and says so', async () => {
    const taker = new Taker();
    let lines: string[] = [];
    taker.client.tasks.log = (async (input: { lines: string[] }) => {
      lines = [...lines, ...input.lines];
      assert.ok(input.lines.length <= 1_000 && input.lines.every((line) => line.length <= 16_384));
      return { cancelRequested: false };
    }) as never;
    const { outbox } = open(taker);
    outbox.addLines('a', 'l-a', 'y'.repeat(40_000));
    for (let n = 0; n < 6_000; n++) outbox.addLines('a', 'l-a', 'x'.repeat(1_000));
    await outbox.close(5_000);
    assert.deepEqual(lines.slice(0, 3).map((line) => line.length), [16_384, 16_384, 7_232]);
    assert.match(lines.at(-1)!, /^\[\d+ lines dropped/);
    const kept = lines.slice(0, -1).reduce((sum, line) => sum + line.length, 0);
    assert.ok(kept <= 4 * 1024 * 1024 && kept > 4 * 1024 * 1024 - 1_000, `${kept}`);
  });

  it('makes a failure of a result that is refused, alone or among others', async () => {
    const taker = new Taker();
    taker.results.set('b', { code: 'invalid_request', message: 'result.verdict: is required' });
    const among = open(taker);
    for (const id of ['a', 'b']) among.outbox.addReport(done(id));
    await among.outbox.close(5_000);
    assert.deepEqual(taker.got, ['report a:completed b:completed', 'report b:failed']);

    const large = new Taker();
    large.refuse = (what) => (what.includes('b:completed') ? error('too_large', 413) : undefined);
    const alone = open(large);
    for (const id of ['a', 'b']) alone.outbox.addReport(done(id));
    assert.equal(await alone.outbox.close(5_000), true);
    assert.deepEqual(large.got, ['too_large: report a:completed b:completed', 'report a:completed', 'too_large: report b:completed', 'report b:failed']);
  });

  it('says at its end that something could not be sent', async () => {
    const taker = new Taker();
    taker.refuse = () => error('connection', 0);
    let tries = 0;
    const { outbox } = open(taker, { recover: async () => ++tries < 3 });
    outbox.addReport(done('a'));
    assert.equal(await outbox.close(5_000), false);
    assert.equal(taker.got.length, 3);
  });
});
