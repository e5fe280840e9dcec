// The server's time, as far as this page knows it, once a second. Ages are told by it: clocks of browsers differ.
class Clock {
  now = $state(Date.now());
  private offset = 0;

  constructor() {
    setInterval(() => (this.now = Date.now() + this.offset), 1_000);
  }

  // What the server's clock said a moment ago.
  adjust(timestamp: string): void {
    const server = Date.parse(timestamp);
    if (!Number.isNaN(server)) this.offset = server - Date.now();
    this.now = Date.now() + this.offset;
  }
}

export const clock = new Clock();
