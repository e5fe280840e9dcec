// One request to the server this page came from. The session's cookie goes along by itself.
import { session } from '../state/session.svelte';
import { space } from '../state/space.svelte';

const ANSWER_MS_MAX = 30_000;

// A refusal of the server (RFC 9457), or no answer at all (status 0).
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: { field: string; message: string }[] = [],
  ) {
    super(message);
  }
  get text(): string {
    return [this.message, ...this.errors.map((error) => `${error.field} ${error.message}`)].join(' ');
  }
}

export type Query = Record<string, string | number | boolean | string[] | undefined>;

function target(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

// Path segments are given as they are: path`/api/v1/tasks/${id}` escapes them.
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((text, part, i) => text + encodeURIComponent(values[i - 1]!) + part);
}

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

export async function call<T>(method: string, where: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { 'Arbiter-Namespace': space.name };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  const limit = AbortSignal.timeout(ANSWER_MS_MAX);
  let response: Response;
  try {
    response = await fetch(target(where, options.query ?? {}), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, 'connection', 'The server cannot be reached.');
  }
  const body = await response.json().catch(() => undefined);
  if (response.ok) return body as T;
  if (response.status === 401) session.lost();
  throw new Problem(response.status, body?.code ?? 'internal', body?.detail ?? `The server answered ${response.status}.`, body?.errors ?? []);
}

export function get<T>(where: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return call<T>('GET', where, { query, signal });
}

export function post<T>(where: string, body: unknown = {}): Promise<T> {
  return call<T>('POST', where, { body });
}
