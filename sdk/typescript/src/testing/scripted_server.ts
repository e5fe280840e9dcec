// An HTTP server that answers as a test says, one request after another, and keeps what it was asked.
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: unknown;
}
export type Script = (asked: Asked, response: http.ServerResponse) => void;

export class ScriptedServer {
  readonly asked: Asked[] = [];
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  private port = 0;

  private constructor(private readonly server: http.Server, private readonly scripts: Script[]) {}

  // The first request gets the first script, and so on; the last one goes on for the rest.
  static async start(...scripts: Script[]): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(http.createServer(), scripts);
    scripted.server.on('request', (request, response) => scripted.take(request, response));
    await scripted.listen(0);
    return scripted;
  }

  // After stop(): where it was before.
  async startAgain(): Promise<void> {
    await this.listen(this.port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  // Resolves when `count` requests have come.
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ count, resolve });
      this.tell();
    });
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private take(request: http.IncomingMessage, response: http.ServerResponse): void {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
      this.asked.push(asked);
      const script = this.scripts[Math.min(this.asked.length, this.scripts.length) - 1];
      script?.(asked, response);
      this.tell();
    });
  }

  private tell(): void {
    for (const { count, resolve } of this.waiting) if (this.asked.length >= count) resolve();
  }
}

export const json = (body: unknown, status = 200): Script => (_, response) => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};

export const problem = (status: number, code: string, headers: http.OutgoingHttpHeaders = {}): Script => (_, response) => {
  response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers }).end(JSON.stringify({ status, code, title: 'A title', detail: `It is ${code}.`, requestId: 'r1' }));
};

export const silence: Script = () => undefined;

// The connection ends after these bytes of a body that is said to have more.
export const cut = (text: string): Script => (_, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
  response.write(text, () => response.destroy());
};

// Server-sent events; the connection ends after them unless `stays`.
export const events = (text: string, stays = false): Script => (_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(text);
  if (!stays) response.end();
};
