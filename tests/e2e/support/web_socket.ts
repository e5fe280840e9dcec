// A client of /ws: what it sent for is kept in order.
import WebSocket from 'ws';
import { Json, Server, eventually } from './server';

export interface SocketOptions {
  token?: string | null; // null: none
  protocols?: string[];
  headers?: Record<string, string>;
  query?: string;
}

export class EventSocket {
  readonly messages: Json[] = [];
  closeCode = 0; // 0: open
  protocol = '';
  private constructor(readonly socket: WebSocket) {}

  static open(server: Server, options: SocketOptions = {}): Promise<EventSocket> {
    const token = options.token === undefined ? server.token : options.token;
    const headers = { ...(token === null ? {} : { Authorization: `Bearer ${token}` }), ...options.headers };
    const socket = new WebSocket(`${server.url.replace(/^http/, 'ws')}/ws${options.query ?? ''}`, options.protocols ?? [], { headers });
    const client = new EventSocket(socket);
    socket.on('message', (text) => client.messages.push(JSON.parse(String(text))));
    return new Promise((resolve, reject) => {
      socket.on('open', () => ((client.protocol = socket.protocol), resolve(client)));
      socket.on('error', reject);
      socket.on('close', (code) => (client.closeCode = code));
    });
  }

  send(message: Json): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  // The first message for which `wanted` holds, as soon as it is there.
  until(what: string, wanted: (message: Json) => boolean, msMax?: number): Promise<Json> {
    return eventually(what, async () => this.messages.find(wanted), msMax);
  }
  typed(type: string): Promise<Json> {
    return this.until(`a message ${type}`, (m) => m.type === type);
  }
  events(subscription?: string): Json[] {
    return this.messages.filter((m) => m.type === 'event' && (subscription === undefined || m.subscription === subscription)).map((m) => m.event);
  }
  async untilEvents(count: number, subscription?: string): Promise<Json[]> {
    await eventually(`${count} events on the socket`, async () => this.events(subscription).length >= count, 60_000);
    return this.events(subscription);
  }
  closed(): Promise<number> {
    return eventually('the socket is closed', async () => this.closeCode !== 0 && this.closeCode);
  }
  close(): void {
    this.socket.terminate();
  }
}
