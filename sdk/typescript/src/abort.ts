// AbortSignals as the rest of the SDK needs them; AbortSignal.any() is younger than Node 18.

/** A signal that aborts with the first of `signals`. `release` lets go of them; call it when the work is over. */
export function anySignal(...signals: (AbortSignal | undefined)[]): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const releases: (() => void)[] = [];
  const release = (): void => releases.splice(0).forEach((undo) => undo());
  for (const signal of signals) {
    if (signal === undefined) continue;
    if (signal.aborted) {
      controller.abort(signal.reason);
      break;
    }
    const follow = (): void => (release(), controller.abort(signal.reason));
    signal.addEventListener('abort', follow, { once: true });
    releases.push(() => signal.removeEventListener('abort', follow));
  }
  if (controller.signal.aborted) release();
  return { signal: controller.signal, release };
}

/** Resolves after `ms`; rejects with the reason of `signal` when that comes first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => (clearTimeout(timer), reject(signal!.reason));
    const timer = setTimeout(() => (signal?.removeEventListener('abort', stop), resolve()), ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The growing pauses between tries: doubled from 100 ms to 5 s, each shortened at random so that clients spread. */
export function backoffMs(failures: number, retryAfterMs = 0): number {
  const full = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.max(full / 2 + (Math.random() * full) / 2, retryAfterMs);
}
const BACKOFF_FIRST_MS = 100;
const BACKOFF_LAST_MS = 5_000;
