// The SDK of this checkout, for tests that are no modules themselves; and its package, as users get it.
import type { Client, Worker, WorkerOptions } from '@arbiter/sdk' with { 'resolution-mode': 'import' };
import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, temporaryDirectory } from './server';

export async function clientOf(server: Server): Promise<Client> {
  const sdk = await import('@arbiter/sdk');
  return new sdk.Client({ url: server.url, token: server.token });
}

export async function workerOf(client: Client, options: WorkerOptions): Promise<Worker> {
  const sdk = await import('@arbiter/sdk');
  return new sdk.Worker(client, { onRemark: () => undefined, ...options });
}

const ROOT = join(__dirname, '../../../..');

// Packs the SDK and installs the package, and nothing else, into a fresh directory, which is given.
export function installSdk(): string {
  const directory = temporaryDirectory();
  const npm = (arguments_: string[], cwd: string): string => execFileSync('npm', [...arguments_, '--ignore-scripts', '--offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, encoding: 'utf8' });
  const file = npm(['pack', '--pack-destination', directory], join(ROOT, 'sdk/typescript')).trim();
  writeFileSync(join(directory, 'package.json'), '{"name": "agents", "private": true, "type": "module"}');
  npm(['install', file], directory);
  return directory;
}

// As installSdk(), with an example of the repository beside it.
export function installExample(name: string): string {
  const directory = installSdk();
  cpSync(join(ROOT, 'examples', name), join(directory, name), { recursive: true });
  return directory;
}
