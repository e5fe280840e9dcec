// A stand-in for an OpenTelemetry collector: takes OTLP/HTTP JSON, keeps what it got, and answers as it is told.
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Json, eventually } from './server';

export interface Export {
  path: string;
  headers: http.IncomingHttpHeaders;
  body: Json;
  status: number; // what it was answered
}

export class Collector {
  readonly exports: Export[] = [];
  hangs = false; // takes requests and never answers
  private readonly answers: { status: number; headers?: http.OutgoingHttpHeaders; body?: string }[] = [];

  private constructor(private readonly server: http.Server) {}

  static async start(): Promise<Collector> {
    const server = http.createServer();
    const collector = new Collector(server);
    server.on('request', (request, response) => collector.take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  // The next requests are answered so, one after another; those after them with 200.
  answer(...answers: { status: number; headers?: http.OutgoingHttpHeaders; body?: string }[]): void {
    this.answers.push(...answers);
  }

  private take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (this.hangs) return;
      const answer = this.answers.shift() ?? { status: 200, body: '{}' };
      this.exports.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString('utf8')), status: answer.status });
      response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
      response.end(answer.body ?? '{}');
    });
  }

  // The spans of everything that was taken.
  spans(): Json[] {
    return this.exports
      .filter((one) => one.status === 200)
      .flatMap((one) => one.body.resourceSpans)
      .flatMap((one) => one.scopeSpans)
      .flatMap((one) => one.spans);
  }

  // The span of that name in a trace, as soon as it is there.
  span(trace: string, name: string): Promise<Json> {
    return eventually(`span ${name}`, async () => this.spans().find((one) => one.traceId === trace && one.name === name), 20_000);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

// The value of an attribute, whatever its type.
export function attribute(span: Json, key: string): Json {
  const found = span.attributes.find((one: Json) => one.key === key)?.value;
  return found?.stringValue ?? found?.intValue;
}
