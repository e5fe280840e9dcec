// Configuration: every documented key, as a flag and as a variable, reaches the running server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Json, Server } from './support/server';

interface Key {
  path: string[];
  flag: string;
  variable: string;
  value: Json; // another one than its default
}

// The harness gives these itself.
const GIVEN = ['listen', 'data'];

// Values that nothing general can be said of.
const OTHERS: Record<string, Json> = { 'telemetry.sampleRatio': 0.5, 'telemetry.otlpEndpoint': 'http://127.0.0.1:9', 'telemetry.serviceName': 'another', notificationNetworks: ['10.0.0.0/8'] };

function otherThan(path: string, value: Json): Json {
  if (path in OTHERS) return OTHERS[path];
  if (typeof value === 'number') return value > 1 ? value - 1 : value + 1;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return path === 'allowedOrigins' || path.endsWith('rigins') ? ['https://a.example'] : ['a.example'];
  return path === 'log.level' ? 'debug' : undefined;
}

// From the commented example, which a test of the server compares with its table of keys.
function documentedKeys(): Key[] {
  const keys: Key[] = [];
  const parents: string[] = [];
  let names: RegExpExecArray | null = null;
  for (const line of readFileSync(join(__dirname, '../../../arbiter.example.yaml'), 'utf8').split('\n')) {
    names = /\[(--[a-z0-9-]+), (ARBITER_[A-Z0-9_]+)\]$/.exec(line) ?? (line.trimStart().startsWith('#') ? null : names);
    const member = /^( *)([A-Za-z]+):(?: (.+))?$/.exec(line);
    if (member === null) continue;
    const depth = member[1]!.length / 2;
    parents.splice(depth, parents.length, member[2]!);
    if (member[3] === undefined || parents[0] === 'notifications') continue; // that one is of the file only
    assert.ok(names, `${parents.join('.')} has a flag and a variable`);
    const value = otherThan(parents.join('.'), JSON.parse(member[3]));
    if (value !== undefined && !GIVEN.includes(parents.join('.'))) {
      keys.push({ path: [...parents], flag: names[1]!, variable: names[2]!, value });
    }
    names = null;
  }
  return keys;
}

const valueAt = (config: Json, path: string[]): Json => path.reduce((part, name) => part?.[name], config);

async function check(keys: Key[], server: Server): Promise<void> {
  const config = await server.expect(200, 'GET', '/api/v1/config');
  for (const key of keys) assert.deepEqual(valueAt(config, key.path), key.value, key.path.join('.'));
  await server.stop();
}

describe('configuration', () => {
  const keys = documentedKeys();

  it('has keys in the example', () => assert.ok(keys.length > 25, `${keys.length} keys`));

  it('takes every key as a flag', async () => {
    const flags = keys.flatMap((key) => (typeof key.value === 'boolean' ? [`${key.flag}=${key.value}`] : [key.flag, String(key.value)]));
    await check(keys, await Server.start({ flags }));
  });

  it('takes every key as a variable', async () => {
    await check(keys, await Server.start({ env: Object.fromEntries(keys.map((key) => [key.variable, String(key.value)])) }));
  });
});
