import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MESSAGE_LENGTH_MAX, MessageReader, type Part } from './sse.js';

const TEXT = ': position 4\n\nid: 5\nevent: A.B\ndata: {"n":1}\n\nid: 6\r\ndata:one\r\ndata: two\r\n\r\nretry: 3\n\n:\n';
const PARTS: Part[] = [
  { comment: 'position 4' },
  { message: { id: '5', type: 'A.B', data: '{"n":1}' } },
  { message: { id: '6', type: 'message', data: 'one\ntwo' } },
  { comment: '' },
];

describe('a stream of server-sent events', () => {
  it('is cut into messages and comments, wherever its bytes were parted', () => {
    for (let size = 1; size <= TEXT.length; size++) {
      const reader = new MessageReader();
      const parts: Part[] = [];
      for (let from = 0; from < TEXT.length; from += size) parts.push(...reader.add(TEXT.slice(from, from + size)));
      assert.deepEqual(parts, PARTS, `in pieces of ${size}`);
    }
  });

  it('may not have endless lines or messages', () => {
    const piece = `data: ${'x'.repeat(MESSAGE_LENGTH_MAX / 2)}`;
    const lines = new MessageReader();
    assert.throws(() => [...lines.add(piece), ...lines.add(piece.slice(6)), ...lines.add('x')], /more than/);
    const messages = new MessageReader();
    assert.throws(() => [...messages.add(`${piece}\n${piece}\ndata: x\n`)], /more than/);
  });
});
