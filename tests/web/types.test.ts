// The page is compiled against the API as it is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BINARY, temporaryDirectory } from '../e2e/support/server';

const ROOT = join(__dirname, '../../../..');

describe('the types of the page', () => {
  it("are those of this binary's OpenAPI document", () => {
    const file = join(temporaryDirectory(), 'schema.d.ts');
    execFileSync('bash', [join(ROOT, 'scripts/web'), 'types', file], { env: { ...process.env, ARBITER_BINARY: BINARY }, stdio: ['ignore', 'ignore', 'pipe'] });
    const kept = readFileSync(join(ROOT, 'web/src/api/schema.d.ts'), 'utf8');
    assert.ok(readFileSync(file, 'utf8') === kept, 'the API has changed: run scripts/web types');
  });
});
