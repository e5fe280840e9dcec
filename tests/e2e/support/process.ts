// Commands that run beside a test, and the search for what they leave behind.
import { ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { BINARY, Server, eventually } from './server';

const MARK = 'ARBITER_TEST_MARK';
const running = new Set<Command>();
process.on('exit', () => {
  for (const command of running) command.signal('SIGKILL');
});

// `arbiter ARGUMENTS...`, running. Everything that it starts carries its mark in the environment.
export class Command {
  readonly mark = randomUUID();
  stdout = '';
  stderr = '';
  private readonly end_: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;

  constructor(arguments_: string[], options: { env?: Record<string, string>; cwd?: string; program?: string } = {}) {
    this.child = spawn(options.program ?? BINARY, arguments_, {
      env: { ...process.env, ...options.env, [MARK]: this.mark },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this);
    // A command that a failed test leaves behind does not keep the tests from ending; what waits for it refers to it.
    this.child.unref();
    for (const pipe of [this.child.stdout, this.child.stderr]) (pipe as unknown as Socket).unref();
    this.child.stdout!.on('data', (bytes) => (this.stdout += bytes));
    this.child.stderr!.on('data', (bytes) => (this.stderr += bytes));
    this.end_ = new Promise((resolve) => this.child.on('exit', (code, signal) => (running.delete(this), resolve(code ?? signal!))));
  }

  static against(server: Server, arguments_: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Command {
    return new Command(arguments_, { ...options, env: { ARBITER_URL: server.url, ARBITER_TOKEN: server.token, ...options.env } });
  }

  // Another program than `arbiter`, which finds the server in its environment.
  static program(server: Server, program: string, arguments_: string[], options: { cwd?: string } = {}): Command {
    return new Command(arguments_, { ...options, program, env: { ARBITER_URL: server.url, ARBITER_TOKEN: server.token } });
  }

  get exited(): Promise<number | NodeJS.Signals> {
    if (running.has(this)) this.child.ref();
    return this.end_;
  }

  get pid(): number {
    return this.child.pid!;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async end(name: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.signal(name);
    return this.exited;
  }

  // The processes that carry the mark, whoever their parent is by now.
  family(): number[] {
    const needle = `${MARK}=${this.mark}`;
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(needle);
      } catch {
        return false; // It has ended meanwhile.
      }
    });
  }

  // Waits until nothing of it is left.
  async gone(msMax = 15_000): Promise<void> {
    await eventually(`nothing of ${this.mark} is left`, async () => this.family().length === 0, msMax).catch((error) => {
      const left = this.family().map((pid) => `${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')}`);
      throw new Error(`${error.message}; left: ${left.join('; ')}`);
    });
  }
}
