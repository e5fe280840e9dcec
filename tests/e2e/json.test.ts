// Every command of the command line answers programs: with -o json, stdout is JSON, or one JSON value per line.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Json, Server, temporaryDirectory } from './support/server';

let server: Server;
before(async () => {
  const config = join(temporaryDirectory(), 'arbiter.yaml');
  writeFileSync(config, 'notifications:\n  - name: nobody\n    command: ["false"]\n    attemptsMax: 1\n');
  server = await Server.start({ flags: ['--config', config] });
});
after(() => server.stop());

// They go on until they are interrupted, or do a whole job: cli.test.ts has their own tests.
const ELSEWHERE = ['serve', 'init', 'top', 'page', 'completion', 'run', 'bench', 'backup', 'restore', 'doctor', 'export', 'import', 'worker run', 'events tail'];

function documented(): string[] {
  const page = readFileSync(join(__dirname, '../../../docs/cli.md'), 'utf8');
  const table = page.slice(page.indexOf('<!-- commands:begin -->'), page.indexOf('<!-- commands:end -->'));
  return [...table.matchAll(/^\| `arbiter ([^`]+)`/gm)].map((row) => row[1]!);
}

// A story in which each command has something to say. `LEASE` stands for the lease number of the task named before.
const STORY: string[] = [
  'version', 'config show', 'config check CONFIG', 'namespace create team', 'namespace list',
  'worker register me --capability shell --max-concurrent 20', 'worker list', 'worker show me', 'worker heartbeat me',
  'queue set default --max-depth 1000', 'queue list', 'queue show default', 'queue pause default', 'queue resume default',
  'key set acme --concurrency 5 --weight 2', 'key list', 'key show acme', 'key pause acme --for 1h', 'key resume acme',
  'task submit shell --id a', 'task batch BATCH', 'task show a', 'task list', 'task graph b2', 'task history a',
  'task lease --worker me --max 1 --no-start', 'task start a --lease LEASE', 'task progress a --lease LEASE --percent 5',
  'task suspend a --lease LEASE', 'task resume a --lease LEASE', 'task log a --lease LEASE --line hello', 'task logs a', 'task extend a --lease LEASE', 'task complete a --lease LEASE --result {"ok":true}',
  'task lease --worker me --max 1', 'task ask Why? --task b1 --lease LEASE --id why --no-wait', 'question list', 'question show why',
  'inbox list', 'inbox assign question:why ada', 'question answer why because',
  'incident open broken --cause c', 'incident list', 'incident show INCIDENT', 'incident acknowledge INCIDENT', 'incident resolve INCIDENT',
  'budget set daily --scope namespace --per day --cost 50', 'budget list', 'budget show daily', 'budget raise daily --cost 1 --reason more',
  'budget delete daily', 'notify test nobody', 'effect list', 'effect show EFFECT', 'effect retry EFFECT',
  'task wait a', 'task watch a',
  'task lease --worker me --max 1', 'task release b1 --lease LEASE', 'task lease --worker me --max 1',
  'task fail b1 --lease LEASE -m broken --final', 'inbox dismiss task:b1', 'task retry b1', 'task lease --worker me --max 1',
  'task exec b1 --lease LEASE -- true', 'task cancel b2', 'task bulk-cancel --queue none', 'task bulk-retry --queue none',
  'schedule set nightly --cron @daily --type shell', 'schedule list', 'schedule show nightly', 'schedule next nightly',
  'schedule pause nightly', 'schedule resume nightly', 'schedule run nightly', 'schedule delete nightly',
  'task-type set review --max-attempts 2', 'task-type list', 'task-type show review', 'task-type delete review',
  'queue drain default', 'cascade list', 'metrics history', 'token create ci --expires-in 1d', 'token list', 'token revoke ci',
  'events query --limit 3', 'worker drain me', 'worker deregister me',
];

const name = (line: string): string => documented().filter((command) => `${line} `.startsWith(`${command} `)).sort((a, b) => b.length - a.length)[0] ?? line;

// Commands that only change something may say nothing.
function parsed(line: string, stdout: string): void {
  if (stdout.trim() === '') return;
  try {
    JSON.parse(stdout);
  } catch {
    for (const row of stdout.trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(row), `${line}: ${row}`);
  }
}

describe('-o json', () => {
  it('is told by every command', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'config.yaml'), 'retentionDays: 3\n');
    writeFileSync(join(directory, 'batch.jsonl'), '{"id":"b1","type":"shell"}\n{"id":"b2","type":"shell","dependsOn":["b1"]}\n');
    for (const line of STORY) {
      const words = line.split(' ');
      const leased = words.includes('LEASE') ? await server.expect(200, 'GET', '/api/v1/workers/me') : undefined;
      const held = leased?.leases.find((l: Json) => words.includes(l.task.id));
      const incident = words.includes('INCIDENT') ? (await server.expect(200, 'GET', '/api/v1/incidents')).items[0].id : '';
      const effect = words.includes('EFFECT') ? (await server.expect(200, 'GET', '/api/v1/effects?state=given_up')).items[0].id : '';
      const filled = words.map((word) =>
        word === 'EFFECT' ? effect : word === 'LEASE' ? held.lease : word === 'INCIDENT' ? incident : word === 'CONFIG' ? join(directory, 'config.yaml') : word === 'BATCH' ? join(directory, 'batch.jsonl') : word,
      );
      const result = await server.cli(['-o', 'json', ...filled]);
      // A notifier that fails makes its test fail, and says so in JSON as well.
      assert.equal(result.status, line.startsWith('notify test') ? 4 : 0, `arbiter ${line}: ${result.stdout}${result.stderr}`);
      parsed(line, result.stdout);
    }
  });

  it('is told of every command', () => {
    const told = new Set(STORY.map(name));
    for (const command of documented()) assert.ok(told.has(command) || ELSEWHERE.includes(command), `no story of ${command}`);
  });
});
