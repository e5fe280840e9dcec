// What an event says, in one line. Fields that are only for machines are left to the whole of it.
import type { LogEvent } from '../api/types';
import { clockTime, duration, words } from '../format';

const names: Record<string, string> = {
  worker: 'worker', attempt: 'attempt', queue: 'queue', dependency: 'dependency', leases: 'leases', task: 'task', count: 'count', assignee: 'assignee', by: 'by', answeredBy: 'by',
};
// Said without the name of their field.
const plain = new Set(['title', 'text', 'answer', 'comment', 'message', 'reason', 'severity', 'cause']);
const times: Record<string, string> = { retryAt: 'again at', until: 'until', dueAt: 'due', nextAt: 'next', expiresAt: 'expires' };
const TEXT_MAX = 200;

export function kind(type: string): string {
  return words(type.toLowerCase().replaceAll('.', ' ').replace(/ success$/, ''));
}

export function tone(type: string): 'bad' | 'good' | 'warn' | 'quiet' {
  if (/FAILED|LOST|EXHAUSTED|DEAD/.test(type)) return 'bad';
  if (/COMPLETED|ANSWERED|RESOLVED|RETURNED/.test(type)) return 'good';
  if (/ASKED|OPENED|SUSPENDED|PAUSED|WARNED|DRAINING|CANCEL/.test(type)) return 'warn';
  return 'quiet';
}

// The thing that the event is about: `task`, `build-1`.
export function subject(event: LogEvent): [string, string] {
  const tag = event.tags[0] ?? '';
  const colon = tag.indexOf(':');
  return colon < 0 ? ['', tag] : [tag.slice(0, colon), tag.slice(colon + 1)];
}

export function summary(event: LogEvent): string {
  const parts: string[] = [];
  for (const [field, value] of Object.entries(event.data)) {
    if (field === 'runMs' || field === 'suspendedMs') parts.push(`${field === 'runMs' ? 'ran' : 'rested'} ${duration(value as number)}`);
    else if (field === 'error') parts.push(String((value as { message?: string })?.message ?? ''));
    else if (times[field] !== undefined && typeof value === 'string') parts.push(`${times[field]} ${clockTime(Date.parse(value))}`);
    else if (plain.has(field) && typeof value === 'string') parts.push(field === 'reason' ? words(value) : value);
    else if (names[field] !== undefined && typeof value !== 'object') parts.push(`${names[field]} ${String(value)}`);
  }
  return parts.join(', ').slice(0, TEXT_MAX);
}
