// Series of /api/v1/metrics/history, as charts take them.
import type { MetricsHistory } from '../api/types';
import type { Line } from './Chart.svelte';

export function line(history: MetricsHistory, name: string, label: string, tone: Line['tone'], options: { queue?: string; fill?: boolean } = {}): Line {
  const found = history.series.find((series) => series.name === name && series.queue === options.queue);
  return { label, tone, fill: options.fill, values: found?.values ?? history.times.map(() => null) };
}
