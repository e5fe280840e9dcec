// Where the boxes of a dependency graph stand: in columns, each to the right of everything it depends on; within a
// column ordered by where its dependencies are, so that few lines cross.
import type { GraphNode } from '../api/types';

export interface Box {
  node: GraphNode;
  x: number;
  y: number;
}
export interface Edge {
  from: Box;
  to: Box;
  critical: boolean;
}
export interface Layout {
  boxes: Box[];
  edges: Edge[];
  width: number;
  height: number;
}

export const BOX_WIDTH = 164;
export const BOX_HEIGHT = 44;
const GAP_X = 40;
const GAP_Y = 14;
const SWEEPS = 4;

export function layout(nodes: GraphNode[], order: string[], criticalPath: string[]): Layout {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const column = new Map<string, number>();
  for (const id of order) {
    const node = byId.get(id);
    if (node === undefined) continue;
    column.set(id, node.dependsOn.reduce((most, on) => Math.max(most, (column.get(on) ?? -1) + 1), 0));
  }
  const columns: GraphNode[][] = [];
  for (const node of nodes) (columns[column.get(node.id) ?? 0] ??= []).push(node);
  const filled = columns.map((one) => one ?? []);
  const rank = new Map<string, number>();
  const number = (one: GraphNode[]) => one.forEach((node, i) => rank.set(node.id, i));
  filled.forEach(number);

  const dependents = new Map<string, string[]>();
  for (const node of nodes) {
    for (const on of node.dependsOn) {
      const list = dependents.get(on);
      if (list === undefined) dependents.set(on, [node.id]);
      else list.push(node.id);
    }
  }
  const mean = (ids: string[], otherwise: number) => {
    const known = ids.filter((id) => rank.has(id));
    return known.length === 0 ? otherwise : known.reduce((sum, id) => sum + rank.get(id)!, 0) / known.length;
  };
  for (let sweep = 0; sweep < SWEEPS; ++sweep) {
    const forth = sweep % 2 === 0;
    for (const one of forth ? filled : filled.toReversed()) {
      const place = new Map(one.map((node) => [node.id, mean(forth ? node.dependsOn : (dependents.get(node.id) ?? []), rank.get(node.id)!)]));
      one.sort((a, b) => place.get(a.id)! - place.get(b.id)!);
      number(one);
    }
  }

  const tallest = filled.reduce((most, one) => Math.max(most, one.length), 1);
  const height = tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y;
  const boxes = new Map<string, Box>();
  filled.forEach((one, x) => {
    const top = (height - (one.length * (BOX_HEIGHT + GAP_Y) - GAP_Y)) / 2;
    one.forEach((node, y) => boxes.set(node.id, { node, x: x * (BOX_WIDTH + GAP_X), y: top + y * (BOX_HEIGHT + GAP_Y) }));
  });
  const critical = new Set(criticalPath.slice(1).map((id, i) => `${criticalPath[i]} ${id}`));
  const edges: Edge[] = [];
  for (const to of boxes.values()) {
    for (const on of to.node.dependsOn) {
      const from = boxes.get(on);
      if (from !== undefined) edges.push({ from, to, critical: critical.has(`${on} ${to.node.id}`) });
    }
  }
  return { boxes: [...boxes.values()], edges, width: filled.length * (BOX_WIDTH + GAP_X) - GAP_X, height };
}
