// One HTTP exchange with the server, or the beginning of a stream. Knows nothing of Arbiter but its headers; nothing here
// is repeated.
import * as http from 'node:http';
import * as https from 'node:https';
import { anySignal } from './abort.js';
import type { Endpoint } from './endpoint.js';
import { ArbiterError } from './error.js';

export const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export interface Exchange {
  method: string;
  path: string; // with its query
  body?: string | undefined;
  headers: Record<string, string>;
  timeoutMs: number; // from now to the end of the answer; of a stream: to its beginning, then for each silence
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

// A connection that was kept from an earlier request was dead: the server has not seen the request.
export class StaleConnection extends ArbiterError {}

export class Transport {
  private readonly agent: http.Agent;
  private readonly open_: typeof http.request;
  readonly origin: URL;

  constructor(endpoint: Endpoint) {
    this.origin = new URL(endpoint.url);
    const secure = this.origin.protocol === 'https:';
    this.agent = secure ? new https.Agent({ keepAlive: true, ca: endpoint.ca }) : new http.Agent({ keepAlive: true });
    this.open_ = secure ? https.request : http.request;
  }

  // Connections that are not in use end; those in use end with their requests.
  close(): void {
    this.agent.destroy();
  }

  async exchange(exchange: Exchange): Promise<Answer> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(this.unreachable(`no answer in ${exchange.timeoutMs} ms`)), exchange.timeoutMs);
    const { signal, release } = anySignal(exchange.signal, timeout.signal);
    try {
      const response = await this.begin({ ...exchange, signal });
      return { status: response.statusCode ?? 0, headers: response.headers, text: await this.readAll(response, signal) };
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  // The answer as its bytes come. The caller reads it to its end or destroys it; the signal does so too.
  async stream(exchange: Exchange): Promise<http.IncomingMessage> {
    const response = await this.begin(exchange);
    response.setTimeout(exchange.timeoutMs, () => response.destroy(this.unreachable(`nothing came for ${exchange.timeoutMs} ms`)));
    return response;
  }

  private begin(exchange: Exchange): Promise<http.IncomingMessage> {
    const { method, path, body, headers, timeoutMs, signal } = exchange;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const request = this.open_(new URL(path, this.origin), { method, agent: this.agent, headers, timeout: timeoutMs });
      const stop = (): void => void request.destroy(new Error('given up'));
      signal?.addEventListener('abort', stop, { once: true });
      request.on('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms`)));
      request.on('close', () => signal?.removeEventListener('abort', stop));
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (signal?.aborted) return reject(signal.reason);
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(this.unreachable(error.message, error, stale));
      });
      request.on('response', resolve);
      request.end(body);
    });
  }

  private async readAll(response: http.IncomingMessage, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.unreachable((error as Error).message, error);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  unreachable(why: string, cause?: unknown, stale = false): ArbiterError {
    const message = `No Arbiter server can be reached at ${this.origin.origin} (${why}). Start one with \`arbiter serve\`, or name another with the option url or ARBITER_URL.`;
    return new (stale ? StaleConnection : ArbiterError)({ code: 'connection', message, cause });
  }
}
