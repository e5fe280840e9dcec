// Cuts the bytes of a stream of server-sent events (WHATWG HTML, 9.2.6) into messages and comments.

export const MESSAGE_LENGTH_MAX = 64 * 1024 * 1024;

export interface Message {
  id: string;
  type: string;
  data: string;
}

export type Part = { comment: string } | { message: Message };

export class MessageReader {
  private rest = '';
  private id = '';
  private type = '';
  private data: string[] = [];
  private length = 0;

  /** The parts that `text` completes. Throws when a message is over its limit. */
  *add(text: string): Generator<Part, void, undefined> {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    this.check(this.rest.length);
    for (const line of lines) {
      const part = this.line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (part !== undefined) yield part;
    }
  }

  private line(line: string): Part | undefined {
    if (line === '') return this.finish();
    if (line.startsWith(':')) return { comment: line.slice(1).trim() };
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'id') this.id = value;
    if (name === 'event') this.type = value;
    if (name === 'data') {
      this.length += value.length;
      this.check(this.length);
      this.data.push(value);
    }
    return undefined;
  }

  private finish(): Part | undefined {
    const message = { id: this.id, type: this.type === '' ? 'message' : this.type, data: this.data.join('\n') };
    const complete = this.data.length > 0;
    this.type = '';
    this.data = [];
    this.length = 0;
    return complete ? { message } : undefined;
  }

  private check(length: number): void {
    if (length > MESSAGE_LENGTH_MAX) throw new Error(`a message of the stream has more than ${MESSAGE_LENGTH_MAX} characters`);
  }
}
