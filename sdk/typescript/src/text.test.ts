import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure, TaskFailure } from './failure.js';
import { pieces, wellFormed } from './text.js';

describe('text', () => {
  it('has no halves of characters', () => {
    assert.equal(wellFormed('a\uD83Db\uDE00c\u{1F600}'), 'a\uFFFDb\uFFFDc\u{1F600}');
  });

  it('is cut between characters', () => {
    assert.deepEqual(pieces('', 3), ['']);
    assert.deepEqual(pieces('abcdefg', 3), ['abc', 'def', 'g']);
    assert.deepEqual(pieces('a\u{1F600}\u{1F600}b', 2), ['a', '\u{1F600}', '\u{1F600}', 'b']);
  });
});

describe('a failure', () => {
  it('is what was thrown, in words that the server takes', () => {
    const cases: [unknown, object][] = [
      [new TaskFailure('no', { code: 'bad', retryable: false, details: [1] }), { message: 'no', code: 'bad', retryable: false, details: [1] }],
      [new TaskFailure('no', { code: '' }), { message: 'no', code: 'failed', retryable: true, details: undefined }],
      [new Error('plain'), { message: 'plain', code: 'failed', retryable: true, details: undefined }],
      [Object.assign(new Error('gone'), { code: 'ENOENT' }), { message: 'gone', code: 'ENOENT', retryable: true, details: undefined }],
      [new RangeError('far'), { message: 'far', code: 'RangeError', retryable: true, details: undefined }],
      ['text', { message: 'text', code: 'failed', retryable: true, details: undefined }],
      [undefined, { message: 'undefined', code: 'failed', retryable: true, details: undefined }],
    ];
    for (const [thrown, described] of cases) assert.deepEqual(describeFailure(thrown), described);
    assert.equal(describeFailure(new Error('x'.repeat(9_000))).message.length, 2_000);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    assert.equal(describeFailure(new TaskFailure('no', { details: circle })).details, '[these details are not JSON]');
  });
});
