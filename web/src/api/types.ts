// The views of the API, by the types that the SDK has from /openapi.json; and those of which the document has no schema.
import type { components } from '../../../sdk/typescript/src/generated/schema';

type Schemas = components['schemas'];

export type TaskState = NonNullable<Schemas['TaskView']['state']>;
export type Task = Schemas['TaskView'];
export type TaskError = Schemas['TaskError'];
export type WorkerState = NonNullable<Schemas['WorkerView']['state']>;
export type Worker = Schemas['WorkerView'];
export type Queue = Schemas['QueueView'];
export type GraphNode = Schemas['GraphNode'];
export interface Graph {
  nodes: GraphNode[];
  order: string[];
  criticalPath: string[];
  criticalPathMs: number;
  truncated?: boolean;
}
export interface LogLine {
  sequence: number;
  time: string;
  attempt: number;
  text: string;
}
export interface Log {
  items: LogLine[];
  next: number;
  truncated?: boolean;
}
export interface LogEvent {
  position: number;
  id: string;
  type: string;
  tags: string[];
  time: string;
  data: Record<string, unknown>;
  metadata: { actor?: string; requestId?: string };
}
export interface MetricsHistory {
  intervalMs: number;
  times: string[];
  series: { name: string; queue?: string; values: (number | null)[] }[];
}
export interface Session {
  authentication: boolean;
  name: string;
  expiresAt?: string;
  version: string;
}
export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

export type Severity = 'info' | 'warning' | 'critical';
export interface InboxItem {
  item: string;
  kind: 'question' | 'incident' | 'task';
  id: string;
  state: string;
  severity: Severity;
  title: string;
  taskId?: string;
  queue?: string;
  workerId?: string;
  assignee?: string;
  createdAt: string;
  expiresAt?: string;
  options?: string[];
  default?: string;
}
export interface Inbox extends Page<InboxItem> {
  open: { questions: number; incidents: number; deadTasks: number };
}
export interface BudgetMeter {
  subject: string;
  tokens: number;
  cost: number;
  attempts: number;
  raised?: { tokens?: number; cost?: number; attempts?: number };
  share: number;
  state: 'open' | 'warned' | 'exhausted';
}
export interface Budget {
  name: string;
  scope: string;
  period: 'total' | 'day';
  limits: { tokens?: number; cost?: number; attempts?: number };
  onLimit: 'pause' | 'refuse';
  resetsAt?: string;
  meters: BudgetMeter[];
}
export interface Question {
  id: string;
  state: 'open' | 'answered' | 'expired' | 'withdrawn';
  text: string;
  details?: unknown;
  options?: string[];
  default?: string;
  answer?: string;
  comment?: string;
  answeredBy?: string;
  taskId: string;
  workerId?: string;
  askedAt: string;
  expiresAt?: string;
}
export interface Incident {
  id: string;
  state: 'open' | 'acknowledged' | 'resolved';
  cause: string;
  rule: string;
  severity: Severity;
  title: string;
  evidence?: unknown;
  count: number;
  openedBy?: string;
  openedAt: string;
  lastAt?: string;
  acknowledgedBy?: string;
  acknowledgedAt?: string;
  comment?: string;
}
