// A command on a terminal of its own (util-linux's `script`), with a keyboard.
import { ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { BINARY, eventually } from './server';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export class Terminal {
  output = ''; // Everything that was ever sent to it.
  private readonly end_: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(arguments_: string[], options: { env?: Record<string, string>; columns?: number; rows?: number } = {}) {
    const command = [BINARY, ...arguments_].map(quoted).join(' ');
    const size = `stty cols ${options.columns ?? 100} rows ${options.rows ?? 30}`;
    this.child = spawn('script', ['-qefc', `${size}; exec ${command}`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', ...options.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.add(this.child);
    // One that a failed test leaves behind does not keep the tests from ending.
    this.child.unref();
    for (const pipe of [this.child.stdin, this.child.stdout]) (pipe as unknown as Socket).unref();
    this.child.stdout!.on('data', (bytes) => (this.output += bytes));
    this.child.stdin!.on('error', () => undefined);
    this.end_ = new Promise((resolve) => this.child.on('close', (code) => (running.delete(this.child), resolve(code))));
  }

  get exited(): Promise<number | null> {
    if (running.has(this.child)) this.child.ref();
    return this.end_;
  }

  type(keys: string): void {
    this.child.stdin!.write(keys);
  }

  // Waits until the pattern shows in what comes from now on, or came since `from`.
  shows(pattern: RegExp, from = this.output.length, msMax = 20_000): Promise<true> {
    return eventually(`${pattern} on the terminal`, async () => pattern.test(this.output.slice(from)), msMax).catch((error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(this.output.slice(-4_000))}`);
    }) as Promise<true>;
  }
}
