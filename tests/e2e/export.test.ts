// A namespace is exported under load, imported beside its running server and elsewhere, and goes on there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Load } from './support/load';
import { BINARY, Json, Server, arbiter, eventually, temporaryDirectory } from './support/server';

const place = temporaryDirectory();
const file = join(place, 'default.jsonl');
const of = (name: string) => ({ headers: { 'Arbiter-Namespace': name } });

// An import that has half of the file on its stdin and waits for the rest.
class SlowImport {
  stderr = '';
  private readonly text = readFileSync(file);
  private readonly half = Math.floor(this.text.length / 2);
  private readonly child;
  private readonly ended: Promise<number | null>;
  constructor(data: string, name: string) {
    this.child = spawn(BINARY, ['--data', data, 'import', name, '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.child.stdin.on('error', () => undefined); // It may be killed.
    this.child.stderr.on('data', (bytes) => (this.stderr += bytes));
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
    this.child.stdin.write(this.text.subarray(0, this.half));
  }
  async finish(): Promise<number | null> {
    this.child.stdin.end(this.text.subarray(this.half));
    return this.ended;
  }
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

describe('export and import', () => {
  const servers: Server[] = [];
  after(() => Promise.all(servers.map((server) => server.stop())));
  const start = async (options: Json = {}) => (servers.push(await Server.start(options)), servers[servers.length - 1]!);
  const run = (args: string[], status = 0): Promise<{ stdout: string; stderr: string }> =>
    arbiter(args).then((done) => (assert.equal(done.status, status, done.stderr + done.stdout), done));
  const begun = (data: string, name: string) => eventually('the import works', async () => existsSync(join(data, 'importing', 'namespaces', `${name}.db`)));

  let server: Server;
  let held: { task: Json; lease: string };
  let before: string[];
  let lostPosition = 0;

  it('an export is made while the server works, and holds what was acknowledged before', async () => {
    server = await start();
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'held', type: 'slow', payload: { text: 'x'.repeat(10_000) } });
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'slow', capabilities: ['slow'] });
    held = (await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'slow', leaseMs: 3_600_000 })).leases[0];
    await server.expect(200, 'POST', '/api/v1/tasks/held/log', { lease: held.lease, lines: ['a line'] });
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'waiting', type: 'echo', dependsOn: ['held'] });
    const load = new Load(server);
    await eventually('some work is done', async () => load.acknowledged.length > 100);
    before = [...load.acknowledged];
    const made = JSON.parse((await run(['--data', server.data, 'export', 'default', file, '-o', 'json'])).stdout);
    const during = load.acknowledged.length;
    await eventually('work goes on', async () => load.acknowledged.length > during + 20);
    await load.stop();
    const checked = JSON.parse((await run(['import', '--check', file, '-o', 'json'])).stdout);
    lostPosition = made.position + 1;
    assert.deepEqual(checked.counts, made.counts);
    assert.equal(checked.header.position, made.position);
    const records = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1).map((line) => JSON.parse(line));
    const tasks = new Set(records.filter((one) => one.record === 'live' || one.record === 'ended').map((one) => one.id));
    for (const id of ['held', 'waiting', ...before]) assert.ok(tasks.has(id), id);
    assert.deepEqual(readdirSync(place), ['default.jsonl'], 'the copy is gone');
  });

  it('it becomes a namespace beside the running server', async () => {
    const imported = JSON.parse((await run(['--data', server.data, 'import', 'moved', file, '-o', 'json'])).stdout);
    assert.ok(imported.leasesReturned >= 1);
    const names = (await server.expect(200, 'GET', '/api/v1/namespaces')).items.map((one: Json) => one.name);
    assert.deepEqual(names, ['default', 'moved']);
    for (const id of before) await server.expect(200, 'GET', `/api/v1/tasks/${id}`, undefined, of('moved'));
    const task = await server.expect(200, 'GET', '/api/v1/tasks/held', undefined, of('moved'));
    assert.equal(task.payload.text.length, 10_000);
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/held/logs', undefined, of('moved'))).items[0].text, 'a line');
    assert.ok(!existsSync(join(server.data, 'importing')));
  });

  it('whose leases from before are refused, also by the number', async () => {
    const stale = await server.expect(409, 'POST', '/api/v1/tasks/held/complete', { lease: held.lease }, of('moved'));
    assert.equal(stale.code, 'stale_lease');
    await server.expect(410, 'GET', `/api/v1/events?after=${lostPosition}`, undefined, of('moved'));
    const restored = await server.expect(200, 'GET', '/api/v1/events?types=SERVER.RESTORED.SUCCESS', undefined, of('moved'));
    assert.match(restored.items[0].data.detail, /from the export of namespace default of/);
  });

  it('and whose tasks are worked on to their end', async () => {
    await server.expect(201, 'POST', '/api/v1/workers', { name: 'new', capabilities: ['echo', 'slow'], maxConcurrent: 100 }, of('moved'));
    for (;;) {
      const { leases } = await server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'new', max: 100 }, of('moved'));
      if (leases.length === 0) break;
      for (const { task, lease } of leases) {
        assert.equal(task.attempt, 1, 'the interruption does not count');
        await server.expect(200, 'POST', `/api/v1/tasks/${task.id}/complete`, { lease, result: { of: task.id } }, of('moved'));
      }
    }
    for (const id of ['held', 'waiting', ...before]) {
      assert.equal((await server.expect(200, 'GET', `/api/v1/tasks/${id}`, undefined, of('moved'))).state, 'completed');
    }
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/held')).state, 'running', 'where it comes from nothing has changed');
    await server.restart();
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/waiting', undefined, of('moved'))).state, 'completed');
  });

  it('it becomes a namespace of a stopped server, which knows it from its start', async () => {
    const other = await start();
    await other.kill();
    const streamed = await arbiter(['--data', server.data, 'export', 'moved']);
    assert.equal(streamed.status, 0, streamed.stderr);
    const done = await arbiter(['--data', other.data, 'import', 'again', '-'], { input: streamed.stdout });
    assert.equal(done.status, 0, done.stderr);
    await other.start();
    const names = (await other.expect(200, 'GET', '/api/v1/namespaces')).items.map((one: Json) => one.name);
    assert.deepEqual(names, ['again', 'default']);
    assert.equal((await other.expect(200, 'GET', '/api/v1/tasks/held', undefined, of('again'))).result.of, 'held');
  });

  it('one that somebody makes meanwhile is left alone', async () => {
    const slow = new SlowImport(server.data, 'raced');
    await begun(server.data, 'raced');
    await server.expect(201, 'POST', '/api/v1/tasks', { id: 'first', type: 'echo' }, of('raced'));
    assert.equal(await slow.finish(), 4);
    assert.match(slow.stderr, /There is a namespace raced/);
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks', undefined, of('raced'))).items.length, 1);
  });

  it('an import that is killed leaves nothing in the way, and only one runs at a time', async () => {
    const slow = new SlowImport(server.data, 'killed');
    await begun(server.data, 'killed');
    assert.match((await run(['--data', server.data, 'import', 'other', file], 4)).stderr, /Another import may be running/);
    assert.ok(existsSync(join(server.data, 'importing', 'namespaces', 'killed.db')), 'it is not disturbed');
    await slow.kill();
    assert.ok(!existsSync(join(server.data, 'namespaces', 'killed.db')));
    await run(['--data', server.data, 'import', 'killed', file]);
    assert.equal((await server.expect(200, 'GET', '/api/v1/tasks/held', undefined, of('killed'))).state, 'queued');
  });

  it('mistakes are told', async () => {
    const whole = readFileSync(file, 'utf8');
    const broken = join(place, 'broken.jsonl');
    writeFileSync(broken, whole.replace('"id":"held"', '"id":"hold"'));
    assert.match((await run(['--data', server.data, 'import', 'new', broken], 1)).stderr, /damaged: .* SHA-256/);
    writeFileSync(broken, whole.slice(0, whole.length - 100));
    assert.match((await run(['import', '--check', broken], 4)).stderr, /truncated/);
    assert.match((await run(['--data', server.data, 'import', 'moved', file], 4)).stderr, /already/);
    assert.match((await run(['--data', join(place, 'nowhere'), 'import', 'new', file], 3)).stderr, /no data directory/);
    assert.match((await run(['--data', server.data, 'export', 'nobody', join(place, 'x')], 3)).stderr, /no namespace nobody/);
    assert.match((await run(['--data', server.data, 'export', 'system'], 2)).stderr, /belongs to its server/);
    assert.match((await run(['--data', server.data, 'export', 'moved', file], 4)).stderr, /is there already/);
    assert.match((await run(['--data', server.data, 'import', 'new'], 2)).stderr, /Name the new namespace and the file/);
    assert.deepEqual(readdirSync(place).sort(), ['broken.jsonl', 'default.jsonl']);
  });
});
