// A server under load, of which is known what it acknowledged.
import type { Client } from '@arbiter/sdk' with { 'resolution-mode': 'import' };
import { clientOf, workerOf } from './sdk';
import { Server } from './server';

// Submits and works until it is told to stop; says which tasks were acknowledged.
export class Load {
  readonly acknowledged: string[] = [];
  private stopping = false;
  private readonly running: Promise<void>;
  constructor(private readonly server: Server) {
    this.running = this.run();
  }
  private async run(): Promise<void> {
    const client = await clientOf(this.server);
    const worker = await workerOf(client, { name: 'busy', capabilities: ['echo'], maxConcurrent: 50, handler: () => undefined });
    const working = worker.run();
    await Promise.all([this.submit(client, 'a'), this.submit(client, 'b')]);
    await worker.stop();
    await working;
    client.close();
  }
  private async submit(client: Client, who: string): Promise<void> {
    for (let i = 0; !this.stopping; ++i) {
      const id = `${who}-${i}`;
      await client.tasks.submit({ id, type: 'echo', payload: { text: 'x'.repeat(500) } }, { retryForMs: 0 });
      this.acknowledged.push(id);
    }
  }
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }
}
