// Worker mode with --worktree: each task on a branch of its own, in a directory of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ended, reaches, submit } from './support/api';
import { Command } from './support/process';
import { Json, Server, eventually, temporaryDirectory } from './support/server';

let server: Server;
let repository: string;
let root: string;
const git = (...arguments_: string[]): string => execFileSync('git', ['-C', repository, ...arguments_], { encoding: 'utf8' }).trim();

before(async () => {
  server = await Server.start();
  repository = temporaryDirectory();
  root = join(temporaryDirectory(), 'work');
  git('init', '--quiet', '--initial-branch', 'main');
  git('config', 'user.name', 'Agent');
  git('config', 'user.email', 'agent@example.invalid');
  writeFileSync(join(repository, 'README'), 'first\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
});
after(() => server.stop());

const trees = (): string[] => {
  const places = join(root, 'trees');
  if (!existsSync(places)) return [];
  return readdirSync(places).flatMap((place) => readdirSync(join(places, place)).filter((name) => !name.endsWith('lock')));
};
const branches = (): string[] => git('for-each-ref', '--format=%(refname:short)', 'refs/heads/arbiter/').split('\n').filter((b) => b !== '');

const startWorker = (...flags: string[]): Command => Command.against(server, ['worker', 'run', '--shell', '--worktree', repository, '--work-root', root, ...flags]);

async function working(flags: string[], body: () => Promise<void>): Promise<void> {
  const worker = startWorker(...flags);
  await eventually('the worker is ready', async () => worker.stderr.includes('ready'));
  try {
    await body();
  } finally {
    assert.equal(await worker.end('SIGTERM'), 0, worker.stderr);
  }
}
const run = async (id: string, text: string, more: Json = {}): Promise<Json> => {
  await submit(server, { id, type: 'shell', payload: { run: text }, ...more });
  return ended(server, id);
};

describe('a worktree per task', () => {
  it('is on a branch of the task, and goes when the work is committed', async () => {
    await working(['--name', 'one'], async () => {
      const task = await run('commits', 'echo "$ARBITER_BRANCH $ARBITER_WORKTREE $PWD"; echo more >> README; git commit --quiet -a -m more; git rev-parse HEAD');
      assert.equal(task.state, 'completed', JSON.stringify(task));
      const [where, commit] = task.result.split('\n');
      const [branch, tree, directory] = where.split(' ');
      assert.equal(branch, 'arbiter/commits');
      assert.equal(tree, directory);
      assert.ok(!existsSync(tree));
      assert.equal(git('rev-parse', 'arbiter/commits'), commit);
      assert.equal(git('rev-parse', 'arbiter/commits^'), git('rev-parse', 'main'));
      assert.equal(readFileSync(join(repository, 'README'), 'utf8'), 'first\n');
      assert.equal(git('status', '--porcelain'), '');
      // Nothing was committed: nothing is left, not even the branch.
      assert.equal((await run('looks', 'ls')).state, 'completed');
      assert.deepEqual(branches(), ['arbiter/commits']);
      assert.deepEqual(trees(), []);
    });
  });

  it('stays when the task failed or left changes, for as long as it is told', async () => {
    await working(['--name', 'two'], async () => {
      assert.equal((await run('fails', 'echo half > half; exit 3', { retry: { maxAttempts: 1 } })).state, 'failed');
      assert.equal((await run('dirty', 'echo new > new')).state, 'completed');
      assert.equal(trees().length, 2);
      const listed = git('worktree', 'list');
      assert.match(listed, /\[arbiter\/fails\]/);
      assert.match(listed, /\[arbiter\/dirty\]/);
      // Another try begins afresh, on another branch.
      await server.expect(200, 'POST', '/api/v1/tasks/fails/retry', {});
      await reaches(server, 'fails', 'failed');
      assert.ok(branches().includes('arbiter/fails-2'), String(branches()));
    });
    await working(['--name', 'three', '--keep-worktrees', '0ms'], async () => {
      await eventually('all are removed', async () => trees().length === 0);
      assert.deepEqual(branches(), ['arbiter/commits']);
      assert.doesNotMatch(git('worktree', 'list'), /\[arbiter\//);
    });
  });

  it('is its own among many at a time, whatever the task is called', async () => {
    const ids = ['a:b', 'a_b', 'x.lock', 'dots..dots', 'end.', ...Array.from({ length: 10 }, (_, n) => `many-${n}`)];
    await working(['--name', 'four', '-j', '8'], async () => {
      for (const id of ids) await submit(server, { id, type: 'shell', payload: { run: 'echo "$ARBITER_TASK_ID" > mine; git add mine; git commit --quiet -m mine; cat mine; pwd' } });
      const results = [];
      for (const id of ids) {
        const task = await ended(server, id);
        assert.equal(task.state, 'completed', JSON.stringify(task));
        const [mine, directory] = task.result.split('\n');
        assert.equal(mine, id);
        assert.ok(directory.startsWith(join(root, 'trees')), directory);
        results.push(directory);
      }
      assert.equal(new Set(results).size, ids.length);
      const own = branches().filter((b) => b !== 'arbiter/commits');
      assert.equal(own.length, ids.length);
      for (const branch of own) assert.equal(git('rev-list', '--count', `main..${branch}`), '1');
      assert.deepEqual(trees(), []);
    });
  });

  it('is cleaned up after a worker and its machine died', async () => {
    await submit(server, { id: 'dies', type: 'shell', payload: { run: 'touch started; while true; do sleep 0.05; done' }, retry: { maxAttempts: 1 } });
    const worker = startWorker('--name', 'five', '--lease', '1s');
    const started = (): boolean => trees().some((tree) => existsSync(join(root, 'trees', readdirSync(join(root, 'trees'))[0]!, tree, 'started')));
    await eventually('the program runs', async () => started());
    await worker.end('SIGKILL');
    await eventually('the task is given up', async () => (await server.expect(200, 'GET', '/api/v1/tasks/dies')).state === 'failed', 60_000);
    // As if the directory had been on a disk that is gone: git still thinks that it has a worktree there.
    const place = join(root, 'trees', readdirSync(join(root, 'trees'))[0]!);
    for (const tree of trees()) rmSync(join(place, tree), { recursive: true, force: true });
    assert.match(git('worktree', 'list'), /prunable/);
    await working(['--name', 'six'], async () => {
      assert.doesNotMatch(git('worktree', 'list'), /prunable/);
      assert.equal((await run('after', 'true')).state, 'completed');
    });
  });

  it('is refused where there is no repository or no such commit', async () => {
    const plain = join(temporaryDirectory(), 'plain');
    mkdirSync(plain);
    const none = await server.cli(['worker', 'run', '--shell', '--worktree', plain, '--work-root', root]);
    assert.equal(none.status, 2);
    assert.match(none.stderr, /is no git repository/);
    const ref = await server.cli(['worker', 'run', '--shell', '--worktree', repository, '--worktree-ref', 'nowhere', '--work-root', root]);
    assert.equal(ref.status, 2);
    assert.match(ref.stderr, /nowhere is no commit/);
    const both = await server.cli(['worker', 'run', '--shell', '--worktree', repository, '--workdir', 'fresh']);
    assert.equal(both.status, 2);
  });
});
