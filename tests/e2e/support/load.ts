// A server under load, of which is known what it acknowledged.
import { Server } from './server';

// Submits and works until it is told to stop; says which tasks were acknowledged.
export class Load {
  readonly acknowledged: string[] = [];
  private stopping = false;
  private readonly running: Promise<unknown>;
  constructor(private readonly server: Server) {
    this.running = Promise.all([this.submit('a'), this.submit('b'), this.work()]);
  }
  private async submit(who: string): Promise<void> {
    for (let i = 0; !this.stopping; ++i) {
      const id = `${who}-${i}`;
      await this.server.expect(201, 'POST', '/api/v1/tasks', { id, type: 'echo', payload: { text: 'x'.repeat(500) } });
      this.acknowledged.push(id);
    }
  }
  private async work(): Promise<void> {
    await this.server.expect(201, 'POST', '/api/v1/workers', { name: 'busy', capabilities: ['echo'], maxConcurrent: 50 });
    while (!this.stopping) {
      const { leases } = await this.server.expect(200, 'POST', '/api/v1/tasks/lease', { workerId: 'busy', max: 5 });
      for (const { task, lease } of leases) await this.server.expect(200, 'POST', `/api/v1/tasks/${task.id}/complete`, { lease });
    }
  }
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }
}
