// Something that the server is asked for from time to time: never twice at a time, and not more often than `everyMs`; less
// often when the answer takes long, so that a page asks a large fleet no more than a tenth of the time.
import { Problem } from '../api/client';

const IDLE_SHARE = 10;

export class Resource<T> {
  value = $state.raw<T>();
  problem = $state.raw<Problem>();
  private running: AbortController | undefined;
  private again = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private askedAt = 0;
  private tookMs = 0;
  private stopped = false;

  constructor(
    private readonly load: (signal: AbortSignal) => Promise<T>,
    private readonly everyMs = 1_000,
  ) {}

  // Soon; what is asked for already is asked for once more after it.
  refresh(): void {
    if (this.stopped) return;
    if (this.running !== undefined) {
      this.again = true;
      return;
    }
    if (this.timer !== undefined) return;
    const wait = this.askedAt + Math.max(this.everyMs, this.tookMs * IDLE_SHARE) - Date.now();
    if (wait <= 0) void this.run();
    else this.timer = setTimeout(() => void this.run(), wait);
  }

  // For what the answer depends on has changed: the present request counts no more.
  restart(): void {
    this.running?.abort();
    this.running = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.again = false;
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    this.running?.abort();
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.askedAt = Date.now();
    const running = new AbortController();
    this.running = running;
    try {
      const value = await this.load(running.signal);
      if (this.running !== running) return;
      this.tookMs = Date.now() - this.askedAt;
      this.value = value;
      this.problem = undefined;
    } catch (error) {
      if (running.signal.aborted || this.running !== running) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    } finally {
      if (this.running === running) {
        this.running = undefined;
        if (this.again) {
          this.again = false;
          this.refresh();
        }
      }
    }
  }
}
