// An agent: it looks for lines that are too long, and asks a person what becomes of them.
import { readFile } from 'node:fs/promises';
import { Client, TaskFailure, Worker } from '@arbiter/sdk';

const worker = new Worker(new Client(), {
  name: process.argv[2] ?? 'reviewer-1',
  capabilities: ['review'],
  maxConcurrent: 4,
  async handler(task) {
    const { path, columns = 120 } = task.payload;
    const text = await readFile(path, 'utf8').catch((cause) => {
      throw new TaskFailure(`${path} cannot be read`, { code: 'no_file', retryable: false, cause });
    });
    const long = text.split('\n').flatMap((line, i) => (line.length > columns ? [i + 1] : []));
    task.log(`${path}: lines over ${columns} columns: ${long.length}`);
    task.progress(50, 'every line was looked at');
    if (long.length === 0) return { verdict: 'accept', lines: [] };
    const verdict = await task.ask(`Lines over ${columns} columns in ${path}: ${long.length}. What now?`, {
      options: ['accept', 'reject'], default: 'reject', expiresInMs: 600_000, details: { lines: long.slice(0, 20) },
    });
    return { verdict, lines: long };
  },
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void worker.stop());
await worker.run();
