// Writes src/generated/ from the server's OpenAPI document: node generate.mjs [--check] [DOCUMENT]
// DOCUMENT: a file; else what the program named by ARBITER_BINARY (else build/dev/arbiter) prints. --check writes nothing
// and fails when something is out of date.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const HERE = dirname(fileURLToPath(import.meta.url));
const GENERATED = join(HERE, 'src/generated');
const HEADER = '// Made by generate.mjs from the OpenAPI document of the server. Do not edit.\n';
// Streams are no calls: subscribe() opens them.
const STREAMS = new Set(['events.stream', 'events.socket']);

const camelCase = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function readDocument(file) {
  if (file !== undefined) return JSON.parse(readFileSync(file, 'utf8'));
  const binary = process.env.ARBITER_BINARY ?? join(HERE, '../../build/dev/arbiter');
  return JSON.parse(execFileSync(binary, ['openapi'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
}

// Every operation that is a call, in the order of the document.
function readOperations(document) {
  const found = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (STREAMS.has(operation.operationId)) continue;
      const parameters = (operation.parameters ?? []).map((p) => (p.$ref ? document.components.parameters[p.$ref.split('/').at(-1)] : p));
      const own = parameters.filter((p) => p.name !== 'namespace');
      const body = operation.requestBody?.content['application/json'].schema.$ref;
      const bodySchema = body && document.components.schemas[body.split('/').at(-1)];
      found.push({
        name: operation.operationId,
        help: operation.summary,
        method: method.toUpperCase(),
        path,
        keyed: parameters.some((p) => p.name === 'Idempotency-Key'),
        asksForInput: own.some((p) => p.required) || (bodySchema?.required ?? []).length > 0,
      });
    }
  }
  return found;
}

function tableText(operations) {
  const rows = operations.map(({ name, method, path, keyed }) => `  '${name}': { method: '${method}', path: '${path}', keyed: ${keyed} },\n`);
  return `// How each operation travels.\nexport const OPERATIONS = {\n${rows.join('')}} as const;\n\nexport type OperationName = keyof typeof OPERATIONS;\n`;
}

function interfaceText(operations) {
  const nouns = new Map();
  for (const operation of operations) {
    const [noun, verb] = operation.name.split('.').map(camelCase);
    const input = `input${operation.asksForInput ? '' : '?'}: Input<'${operation.name}'>`;
    const method = `    /** ${operation.help} (\`${operation.method} ${operation.path}\`) */\n    ${verb}(${input}, options?: CallOptions): Promise<Reply<'${operation.name}'>>;\n`;
    nouns.set(noun, (nouns.get(noun) ?? '') + method);
  }
  const parts = [...nouns].map(([noun, methods]) => `  readonly ${noun}: {\n${methods}  };\n`);
  return `// One method for each operation, by noun and verb.\nexport interface Api {\n${parts.join('')}}\n`;
}

// openapiTS changes what it is given.
async function generate(document) {
  const operations = readOperations(document);
  const types = astToString(await openapiTS(structuredClone(document)));
  const eventData = Object.entries(document['x-event-types']).map(([type, schema]) => `  '${type}': Schemas['${schema.$ref.split('/').at(-1)}'];\n`);
  return {
    'schema.ts': `${HEADER}${types}`,
    'operations.ts': `${HEADER}import type { CallOptions, Input, Reply, Schemas } from '../operation.js';\n\n${tableText(operations)}\n${interfaceText(operations)}\n// What an event of each type says.\nexport interface EventData {\n${eventData.join('')}}\n`,
  };
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const check = process.argv.includes('--check');
const files = await generate(readDocument(process.argv.slice(2).find((argument) => !argument.startsWith('--'))));
mkdirSync(GENERATED, { recursive: true });
let stale = false;
for (const [name, text] of Object.entries(files)) {
  const path = join(GENERATED, name);
  if (readIfThere(path) === text) continue;
  stale = true;
  if (check) console.error(`generate: src/generated/${name} is not what the server's OpenAPI document gives; run \`npm run generate\` in sdk/typescript.`);
  else writeFileSync(path, text);
}
process.exitCode = check && stale ? 1 : 0;
