// Everything that the server refuses, and that it cannot be reached, as one class. Programs look at `code`.

export interface FieldError {
  /** A dotted path: `retry.maxAttempts`, `tasks[3].type`. */
  field: string;
  message: string;
}

export interface ErrorDescription {
  code: string;
  message: string;
  status?: number | undefined;
  title?: string | undefined;
  errors?: FieldError[] | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

export class ArbiterError extends Error {
  /** `stale_lease`, `invalid_request`, ... as docs/cli.md lists them; `connection` when there was no answer. */
  readonly code: string;
  /** Of the HTTP answer; 0 when there was none. */
  readonly status: number;
  readonly title: string;
  /** The bad fields of a request, all at once. */
  readonly errors: readonly FieldError[];
  /** When repeating may help, says the server; undefined: it did not say. */
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;

  constructor(description: ErrorDescription) {
    super(description.message, description.cause === undefined ? undefined : { cause: description.cause });
    this.name = 'ArbiterError';
    this.code = description.code;
    this.status = description.status ?? 0;
    this.title = description.title ?? description.message;
    this.errors = description.errors ?? [];
    this.retryAfterMs = description.retryAfterMs;
    this.requestId = description.requestId;
  }

  /** Whether the same request may succeed later: the server is away, starting, stopping or short of something. */
  get passing(): boolean {
    if (this.code === 'lineage_limit') return false; // No time helps.
    return PASSING_STATUSES.has(this.status) || PASSING_CODES.has(this.code);
  }
}

const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 503]);
// For errors that come without a status: of connections, and within streams.
const PASSING_CODES: ReadonlySet<string> = new Set([
  'connection', 'shutting_down', 'store_unavailable', 'overloaded', 'fenced', 'unknown', 'no_space', 'io_error', 'rate_limited',
]);

const CODES: Record<number, string> = {
  400: 'invalid_request', 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 413: 'too_large', 429: 'overloaded', 503: 'store_unavailable',
};

// `Retry-After` in seconds; a date, which Arbiter does not send, counts as none.
export function readRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) * 1_000 : undefined;
}

function isFieldError(value: unknown): value is FieldError {
  const entry = value as FieldError | null;
  return typeof entry === 'object' && entry !== null && typeof entry.field === 'string' && typeof entry.message === 'string';
}

/** The error of an answer that is not 2xx: its problem document (RFC 9457), or the nearest code for its status. */
export function readProblem(status: number, body: string, retryAfter: string | undefined): ArbiterError {
  let problem: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) problem = parsed as Record<string, unknown>;
  } catch {
    // Not of the server itself, but of something before it.
  }
  const text = (key: string): string | undefined => (typeof problem[key] === 'string' ? (problem[key] as string) : undefined);
  const errors = Array.isArray(problem['errors']) ? problem['errors'].filter(isFieldError) : [];
  const detail = text('detail') ?? text('title') ?? `The server answered ${status}.`;
  return new ArbiterError({
    code: text('code') ?? CODES[status] ?? 'internal',
    message: [detail, ...errors.map((error) => `${error.field}: ${error.message}`)].join('\n  '),
    status,
    title: text('title'),
    errors,
    retryAfterMs: readRetryAfter(retryAfter),
    requestId: text('requestId'),
  });
}
