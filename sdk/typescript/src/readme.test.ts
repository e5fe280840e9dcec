import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

it('the README shows the example as it is', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const shown = /<!-- example -->\n```js\n([^]*?)```/.exec(read('../README.md'))?.[1];
  assert.equal(shown, read('../../../examples/first-agent/agent.mjs'));
});
