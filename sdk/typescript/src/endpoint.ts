// Where the server is and who asks, found as the command line finds it: by options, then by environment, then by the
// data directory of a server on this machine, then by the defaults.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArbiterError } from './error.js';

export const DEFAULT_URL = 'http://127.0.0.1:7420';
export const DEFAULT_DATA = './arbiter-data';

export interface EndpointOptions {
  /** `http://host[:port]` or `https://host[:port]`; else ARBITER_URL, else what the data directory says. */
  url?: string;
  /** The access token; else that of `tokenFile`, ARBITER_TOKEN_FILE, ARBITER_TOKEN or the data directory. */
  token?: string;
  /** A file whose first line is the token. */
  tokenFile?: string;
  /** Else ARBITER_NAMESPACE, else the server's `default`. */
  namespace?: string;
  /** Of a server on this machine; else ARBITER_DATA, else `./arbiter-data`. */
  dataDirectory?: string;
  /** PEM of the authorities that may have signed the server's certificate; else ARBITER_CA_FILE, else Node's own. */
  caFile?: string;
  /** W3C Trace Context that requests belong to; else TRACEPARENT. */
  traceparent?: string;
}

export interface Endpoint {
  url: string; // without a slash at its end
  token: string; // empty: requests carry none
  namespace: string; // empty: the server's `default`
  ca: string | undefined; // PEM
  traceparent: string; // empty: none
}

type Environment = Record<string, string | undefined>;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function invalid(message: string, cause?: unknown): ArbiterError {
  return new ArbiterError({ code: 'invalid_request', message, cause });
}

export function parseUrl(url: string): string {
  const bad = (why: string): ArbiterError =>
    invalid(`The server's address \`${url}\` ${why}; give it like ${DEFAULT_URL} with the option url or ARBITER_URL.`);
  if (!/^https?:\/\//.test(url)) throw bad('starts neither with http:// nor with https://');
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw bad('has a bad host or port');
  }
  if (parsed.pathname !== '/' || /[?#@]/.test(url)) throw bad('has more than a host');
  return parsed.origin;
}

function firstLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/, 1)[0] || undefined;
  } catch {
    return undefined;
  }
}

// What `server.url` in a data directory says; a server that was killed may have left it.
function urlIn(dataDirectory: string): string | undefined {
  const line = firstLine(join(dataDirectory, 'server.url'));
  try {
    return line && parseUrl(line);
  } catch {
    return undefined;
  }
}

function findToken(options: EndpointOptions, environment: Environment, dataDirectory: string): string {
  if (options.token !== undefined) return options.token;
  const file = options.tokenFile || environment['ARBITER_TOKEN_FILE'];
  if (file) {
    const token = firstLine(file);
    if (!token) throw invalid(`No token can be read from \`${file}\`; name a readable file that holds the token.`);
    return token;
  }
  return environment['ARBITER_TOKEN'] || firstLine(join(dataDirectory, 'admin.token')) || '';
}

function readAuthorities(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`The certificates in \`${path}\` cannot be read.`, error);
  }
}

/** The endpoint by options, environment, data directory and defaults. Throws when what somebody named is not usable. */
export function discover(options: EndpointOptions = {}, environment: Environment = process.env): Endpoint {
  const dataDirectory = options.dataDirectory || environment['ARBITER_DATA'] || DEFAULT_DATA;
  const traceparent = options.traceparent ?? environment['TRACEPARENT'] ?? '';
  return {
    url: parseUrl(options.url || environment['ARBITER_URL'] || urlIn(dataDirectory) || DEFAULT_URL),
    token: findToken(options, environment, dataDirectory),
    namespace: options.namespace || environment['ARBITER_NAMESPACE'] || '',
    ca: readAuthorities(options.caFile || environment['ARBITER_CA_FILE']),
    traceparent: TRACEPARENT.test(traceparent) ? traceparent : '',
  };
}
