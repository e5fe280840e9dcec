// The first minutes: init, completion, and the link to the dashboard.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { reaches, submit, taskOf, worker } from './support/api';
import { Command } from './support/process';
import { BINARY, Server, arbiter, eventually, temporaryDirectory } from './support/server';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

describe('init', () => {
  const noServer = { ARBITER_URL: '', ARBITER_TOKEN: '' };

  it('writes files that the program takes, and overwrites nothing', async () => {
    const directory = join(temporaryDirectory(), 'new');
    const first = await arbiter(['init', directory]);
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /Next:\n  cd .*\n  arbiter serve --config arbiter\.yaml.*\n  arbiter page .*\n  arbiter run job\.yaml/);
    assert.deepEqual(readdirSync(directory).sort(), ['arbiter.yaml', 'job.yaml']);
    assert.equal((await arbiter(['config', 'check', join(directory, 'arbiter.yaml')])).status, 0);
    writeFileSync(join(directory, 'job.yaml'), 'mine');
    const second = await arbiter(['-o', 'json', 'init', directory]);
    assert.equal(second.status, 4);
    assert.match(JSON.parse(second.stderr).detail, /arbiter\.yaml` and `.*job\.yaml` is there already/);
    assert.equal(readFileSync(join(directory, 'job.yaml'), 'utf8'), 'mine');
    const forced = await arbiter(['-o', 'json', 'init', '--force', directory]);
    assert.equal(JSON.parse(forced.stdout).files.length, 2);
    assert.match(readFileSync(join(directory, 'job.yaml'), 'utf8'), /^name: first-job$/m);
  });

  it('says what stands in its way', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const refused = await arbiter(['init', join(file, 'below')], { env: noServer });
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /cannot be written/);
  });
});

describe('page', () => {
  const page = (arguments_: string[], env: Record<string, string> = {}) => server.cli(['page', ...arguments_], { env });

  it('prints a link that holds the token, and says that it is a secret', async () => {
    const { status, stdout, stderr } = await page([]);
    assert.equal(status, 0);
    assert.equal(stdout, `${server.url}/#token=${server.token}\n`);
    assert.match(stderr, /keep it to yourself/);
    assert.equal(JSON.parse((await server.cli(['-o', 'json', 'page'])).stdout).url, stdout.trim());
    const byData = await arbiter(['--data', server.data, 'page'], { env: { ARBITER_URL: '', ARBITER_TOKEN: '' } });
    assert.equal(byData.stdout, stdout, 'address and token come from the data directory as well');
  });

  it('gives no link that would not work', async () => {
    assert.equal((await page([], { ARBITER_TOKEN: 'wrong' })).status, 5);
    assert.equal((await arbiter(['page'], { env: { ARBITER_URL: 'http://127.0.0.1:1', ARBITER_TOKEN: 'x' } })).status, 7);
  });

  it('opens a browser without showing it the token in its arguments', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'data');
    mkdirSync(data);
    const seen = join(directory, 'seen');
    const browser = join(directory, 'browser');
    writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > ${seen}.new && mv ${seen}.new ${seen}\n`);
    chmodSync(browser, 0o755);
    const { status, stderr } = await page(['--open'], { BROWSER: browser, ARBITER_DATA: data });
    assert.equal(status, 0, stderr);
    const url = await eventually('the browser was started', async () => {
      try {
        return readFileSync(seen, 'utf8');
      } catch {
        return undefined;
      }
    });
    assert.match(url, /^file:\/\/\//);
    assert.ok(!url.includes(server.token));
    const file = url.slice('file://'.length);
    assert.equal(statSync(file).mode & 0o777, 0o600, 'only its owner can read it');
    assert.match(readFileSync(file, 'utf8'), new RegExp(`content="0; url=${server.url}/#token=${server.token}"`));
  });

  it('says when there is no browser', async () => {
    const { status, stderr } = await page(['--open'], { BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' });
    assert.equal(status, 0);
    assert.match(stderr, /no browser/);
  });
});

describe('completion', () => {
  // What bash offers for `line`, with the cursor at its end.
  function offered(line: string): string[] {
    const bin = temporaryDirectory();
    symlinkSync(BINARY, join(bin, 'arbiter'));
    const script = `
      source <(arbiter completion bash)
      [[ $(complete -p arbiter) == "complete -F _arbiter arbiter" ]] || exit 9
      COMP_LINE=$1 COMP_POINT=\${#1}
      read -ra COMP_WORDS <<<"\${1//=/ = }"
      [[ $1 == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _arbiter
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync('bash', ['--norc', '-c', script, 'bash', line], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ARBITER_URL: server.url, ARBITER_TOKEN: server.token },
    });
    assert.equal(ran.status, 0, ran.stderr);
    return ran.stdout.split('\n').filter((word) => word !== '');
  }

  it('is loaded by bash and knows commands, options and values', () => {
    assert.deepEqual(offered('arbiter wor'), ['worker']);
    assert.ok(offered('arbiter ').includes('serve'));
    assert.ok(!offered('arbiter ').includes('api-table'), 'what is for generators is not for people');
    assert.deepEqual(offered('arbiter task submi'), ['submit']);
    assert.deepEqual(offered('arbiter worker run --workd'), ['--workdir']);
    assert.deepEqual(offered('arbiter worker run --workdir f'), ['fresh']);
    assert.deepEqual(offered('arbiter --output=j'), ['json']);
    assert.deepEqual(offered('arbiter completion z'), ['zsh']);
  });

  it('knows the names that the server has, and files', async () => {
    await worker(server, 'completer');
    await submit(server, { id: 'complete-me', type: 'x', queue: 'complete-queue' });
    assert.deepEqual(offered('arbiter task show complete'), ['complete-me']);
    assert.deepEqual(offered('arbiter worker show com'), ['completer']);
    assert.deepEqual(offered('arbiter task list --queue complete'), ['complete-queue']);
    assert.deepEqual(offered('arbiter task list --queue=complete'), ['complete-queue']);
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a job.yaml'), '');
    assert.deepEqual(offered(`arbiter run ${directory}/a`), [`${directory}/a job.yaml`]);
  });

  it('is loaded by zsh and fish, where they are', () => {
    for (const [shell, flags, script] of [
      ['zsh', ['-f', '-c'], 'autoload -Uz compinit && compinit -D -u && source =(arbiter completion zsh) && print $_comps[arbiter]'],
      ['fish', ['--no-config', '-c'], 'arbiter completion fish | source; complete -C "arbiter task submi"'],
    ] as const) {
      if (spawnSync(shell, ['--version']).error !== undefined) continue;
      const bin = temporaryDirectory();
      symlinkSync(BINARY, join(bin, 'arbiter'));
      const ran = spawnSync(shell, [...flags, script], { encoding: 'utf8', env: { ...process.env, HOME: bin, PATH: `${bin}:${process.env.PATH}` } });
      assert.equal(ran.status, 0, shell + ran.stderr);
      assert.match(ran.stdout, shell === 'zsh' ? /^_arbiter$/m : /^submit\t/m);
    }
  });
});

describe('jobs that ask', () => {
  const EXAMPLE = join(__dirname, '../../../examples/first-questions/job.yaml');
  // Under the program's own name only: `arbiter` is nowhere on the PATH of its steps.
  const env = { PATH: '/usr/bin:/bin' };

  async function asked(run: Command): Promise<string> {
    const said = await eventually('the question', async () => /asks: (.*)\n.*arbiter question answer (\S+) ANSWER/.exec(run.stdout) ?? undefined, 30_000);
    return said[2]!;
  }

  it('the one that init writes works as it is', async () => {
    const directory = temporaryDirectory();
    assert.equal((await arbiter(['init', directory])).status, 0);
    const run = Command.against(server, ['--data', directory, 'run', join(directory, 'job.yaml')], { env: { ...env, PACE: '0' } });
    const question = await asked(run);
    assert.match(run.stdout, /asks: Sell the fruit\? \[yes \| no\]/);
    const answered = await server.cli(['question', 'answer', question, 'yes']);
    assert.equal(answered.status, 0, answered.stderr);
    assert.equal(await run.exited, 0, run.stdout + run.stderr);
    await eventually('what it shows', async () => /apples: fine\npears: fine\nplums: fine\nsell: yes\n/.test(run.stdout));
  });

  it('the example is answered, and the task of a killed worker goes to another', async () => {
    const run = Command.against(server, ['--data', temporaryDirectory(), 'run', EXAMPLE], { env: { ...env, PACE: '0.4' } });
    const question = await asked(run);
    const id = `${/Run (\S+):/.exec(run.stdout)![1]}.read.0`;
    const task = await reaches(server, id, 'running');
    const worker_ = await server.expect(200, 'GET', `/api/v1/workers/${task.workerId}`);
    const pid = / pid (\d+)$/.exec(worker_.location)?.[1];
    assert.ok(pid, `the worker's process is told: ${worker_.location}`);
    process.kill(Number(pid), 'SIGKILL');
    const other = await eventually('another worker has it', async () => {
      const now = await taskOf(server, id);
      return now.state === 'running' && now.workerId !== task.workerId && now;
    });
    assert.match(other.workerId, /\.w\d$/);
    await eventually('the run tells it', async () => run.stdout.includes('1 worker died and was started again'));
    assert.equal((await server.cli(['question', 'answer', question, 'links'])).status, 0);
    assert.equal(await run.exited, 0, run.stdout + run.stderr);
    await eventually('the report', async () => /The guides by their links:\n  first-worker +\d+\n/.test(run.stdout));
  });
});
