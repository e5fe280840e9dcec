// A real server on its own temporary data directory. Each test starts what it needs and stops it with stop(); what a
// test leaves behind is killed when the process ends.
import assert from 'node:assert/strict';
import { ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const BINARY = process.env.ARBITER_BINARY ?? join(__dirname, '../../../../build/dev/arbiter');
const READY_MS_MAX = 20_000;
const STOP_MS_MAX = 20_000;
const CALL_MS_MAX = 90_000; // Longer than the longest long poll.

// A JSON value of which a test reads fields freely.
export type Json = any;

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  body: Json; // The parsed body; undefined when it is not JSON.
}

export interface CallOptions {
  headers?: Record<string, string>;
  token?: string | null; // null: send no token.
  raw?: boolean; // Send the body as it is, a string or bytes.
}

const children = new Set<ChildProcess>();
const directories = new Set<string>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'arbiter-e2e-'));
  directories.add(directory);
  return directory;
}

export interface ServerOptions {
  data?: string;
  flags?: string[];
  env?: Record<string, string>;
  address?: string; // where it listens; else 127.0.0.1
  ca?: string; // file of the authority of its certificate
}

export class Server {
  url = '';
  token = '';
  log = ''; // Everything the server wrote to stderr, over all its starts.
  private child: ChildProcess | undefined;

  private constructor(
    readonly data: string,
    private readonly flags: string[],
    private readonly env: Record<string, string>,
    private readonly address: string,
    private readonly ca: string | undefined,
  ) {}

  // Starts a server and returns when it is ready.
  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = new Server(options.data ?? temporaryDirectory(), options.flags ?? [], options.env ?? {}, options.address ?? '127.0.0.1', options.ca);
    await server.start();
    return server;
  }

  get pid(): number {
    assert.ok(this.child?.pid, 'the server is not running');
    return this.child.pid;
  }

  // After kill() or stop(): starts again on the same data and the same port, so that clients find it.
  async start(): Promise<void> {
    assert.equal(this.child, undefined, 'the server runs already');
    const listen = `${this.address}:${this.url === '' ? 0 : new URL(this.url).port}`;
    const child = spawn(BINARY, ['serve', '--listen', listen, '--data', this.data, ...this.flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
    });
    this.child = child;
    children.add(child);
    child.on('exit', () => children.delete(child));
    child.stderr!.on('data', (bytes) => (this.log += bytes));
    this.url = await this.readyLine(child);
    // A server that a failed test leaves behind does not keep the tests from ending.
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) (pipe as unknown as Socket).unref();
    const tokenFile = join(this.data, 'admin.token');
    if (existsSync(tokenFile)) this.token = readFileSync(tokenFile, 'utf8').trim();
  }

  private readyLine(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        child.kill('SIGKILL');
        this.child = undefined;
        reject(new Error(`the server ${why}; its log ends:\n${this.log.slice(-4_000)}`));
      };
      const timer = setTimeout(() => fail(`was not ready after ${READY_MS_MAX} ms`), READY_MS_MAX);
      child.once('exit', (code, signal) => (clearTimeout(timer), fail(`ended with ${code ?? signal}`)));
      child.once('error', (error) => (clearTimeout(timer), fail(`did not start: ${error.message}`)));
      createInterface({ input: child.stdout! }).once('line', (line) => {
        const url = /https?:\/\/[^\s"']+/.exec(line)?.[0];
        clearTimeout(timer);
        if (url === undefined) return fail(`printed '${line}' where its URL should be`);
        child.removeAllListeners('exit');
        child.on('exit', () => children.delete(child));
        resolve(url.replace(/\/$/, ''));
      });
    });
  }

  // The process is gone at once, as in a power cut.
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  // Stops in an orderly way and returns the exit status.
  async terminate(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  // For the end of a test: nothing of the server is left.
  async stop(): Promise<void> {
    if (this.child !== undefined) await this.end('SIGKILL');
    rmSync(this.data, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    assert.ok(child, 'the server is not running');
    this.child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.ref();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the server still ran ${STOP_MS_MAX} ms after ${signal}; its log ends:\n${this.log.slice(-4_000)}`));
      }, STOP_MS_MAX);
      child.once('exit', (code) => (clearTimeout(timer), resolve(code)));
      child.kill(signal);
    });
  }

  // One request on a connection of its own, so that a restart in between cannot meet an old socket.
  call(method: string, path: string, body?: Json, options: CallOptions = {}): Promise<Answer> {
    const payload = body === undefined ? undefined : options.raw ? body : JSON.stringify(body);
    const headers: Record<string, string> = {};
    const token = options.token === undefined ? this.token : options.token;
    if (token !== null && token !== '') headers['Authorization'] = `Bearer ${token}`;
    if (payload !== undefined) headers['Content-Type'] = 'application/json';
    Object.assign(headers, options.headers);
    if (payload !== undefined) headers['Content-Length'] = String(Buffer.byteLength(payload));
    return new Promise((resolve, reject) => {
      const options_ = { method, headers, agent: false as const, timeout: CALL_MS_MAX };
      const request =
        this.ca === undefined ? http.request(this.url + path, options_) : https.request(this.url + path, { ...options_, ca: readFileSync(this.ca), servername: 'localhost' });
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${CALL_MS_MAX} ms`)));
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
        });
      });
      request.end(payload);
    });
  }

  // As call(), and the answer has this status.
  async expect(status: number, method: string, path: string, body?: Json, options?: CallOptions): Promise<Json> {
    const answer = await this.call(method, path, body, options);
    assert.equal(answer.status, status, `${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  // Runs `arbiter ARGUMENTS...` against this server.
  cli(arguments_: string[], options: { input?: string; env?: Record<string, string> } = {}): Promise<CommandResult> {
    return arbiter(arguments_, {
      input: options.input,
      env: { ARBITER_URL: this.url, ARBITER_TOKEN: this.token, ...options.env },
    });
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface CommandResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

// Runs the binary to its end.
export function arbiter(
  arguments_: string[],
  options: { input?: string; env?: Record<string, string>; cwd?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(BINARY, arguments_, { env: { ...process.env, ...options.env }, cwd: options.cwd });
    children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => (stdout += bytes));
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.on('error', reject);
    child.on('close', (status) => (children.delete(child), resolve({ status, stdout, stderr })));
    child.stdin.on('error', () => undefined); // A command that does not read its input is no error.
    child.stdin.end(options.input ?? '');
  });
}

// Calls `probe` until it gives something other than undefined or false.
export async function eventually<T>(what: string, probe: () => Promise<T | undefined | false>, msMax = 15_000): Promise<T> {
  const end = Date.now() + msMax;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not seen within ${msMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
