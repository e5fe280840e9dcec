// A reader of the server-sent events of /api/v1/events/stream.
import * as http from 'node:http';
import { Json, Server, eventually } from './server';

export class EventStream {
  readonly events: Json[] = []; // The data of each message, in order.
  readonly ids: string[] = [];
  status = 0;
  headers: http.IncomingHttpHeaders = {};
  text = ''; // Everything that came, comments included.
  ended = false;
  private request: http.ClientRequest | undefined;

  private constructor() {}

  // Connects and returns when the head of the answer is there.
  static open(server: Server, query = '', headers: Record<string, string> = {}): Promise<EventStream> {
    const stream = new EventStream();
    return new Promise((resolve, reject) => {
      const request = http.request(`${server.url}/api/v1/events/stream${query}`, {
        agent: false,
        headers: { Authorization: `Bearer ${server.token}`, Accept: 'text/event-stream', ...headers },
      });
      stream.request = request;
      request.on('error', (error) => ((stream.ended = true), reject(error)));
      request.on('response', (response) => {
        stream.status = response.statusCode ?? 0;
        stream.headers = response.headers;
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          stream.text += chunk;
          const messages = (rest + chunk).split('\n\n');
          rest = messages.pop()!;
          for (const message of messages) stream.take(message);
        });
        response.on('error', () => (stream.ended = true));
        response.on('close', () => (stream.ended = true));
        resolve(stream);
      });
      request.end();
    });
  }

  private take(message: string): void {
    const data: string[] = [];
    for (const line of message.split('\n')) {
      if (line.startsWith('data:')) data.push(line.slice(5).trim());
      if (line.startsWith('id:')) this.ids.push(line.slice(3).trim());
    }
    if (data.length > 0) this.events.push(JSON.parse(data.join('\n')));
  }

  // Waits until `count` events have come.
  async until(count: number): Promise<Json[]> {
    await eventually(`${count} events on the stream`, async () => this.events.length >= count);
    return this.events;
  }

  close(): void {
    this.request?.destroy();
  }
}
