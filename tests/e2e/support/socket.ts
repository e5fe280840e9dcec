// Requests as bytes, for what no proper client sends.
import { connect, Socket } from 'node:net';
import { Json, Server } from './server';

// Sends bytes and gives what comes back until the server closes the connection, `until` is seen, or the time is over.
export function exchange(server: Server, bytes: string | Buffer, options: { until?: RegExp; msMax?: number; end?: boolean } = {}): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    let text = '';
    const socket: Socket = connect(Number(port), hostname, () => {
      socket.write(bytes);
      if (options.end) socket.end();
    });
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(done, options.msMax ?? 5_000);
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      if (options.until?.test(text)) done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: Json;
}

// The first answer in `text`.
export function parseAnswer(text: string): RawAnswer {
  const [head, ...rest] = text.split('\r\n\r\n');
  const lines = head!.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = Number(headers['content-length'] ?? '0');
  const body = Buffer.from(rest.join('\r\n\r\n'), 'utf8').subarray(0, length).toString('utf8');
  let parsed: Json;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  return { status: Number(lines[0]!.split(' ')[1]), headers, body: parsed };
}
