/** Takes what stands behind an object on each node and says it in one phrase. */
import type { Hazard } from '../model/step.ts';
import type { FoldedEntry } from './fold-nodes.ts';
import { formatBytes, formatCount } from './units.ts';

/** Hazards whose size is that of the data. */
const ABOUT_DATA: ReadonlySet<Hazard['kind']> = new Set(['loses data', 'rewrites data']);

function range(values: readonly number[], show: (value: number) => string): string {
  const [low, high] = [show(Math.min(...values)), show(Math.max(...values))];
  if (low === high) return low;
  const [amount = '', unit] = low.split(' ');
  return `${unit !== undefined && high.endsWith(` ${unit}`) ? amount : low} to ${high}`;
}

/** `1,200,000 rows, 1.2 GiB in 14 parts`; a range where nodes differ, since replicas hold the same rows once each. */
export function impactText({ impacts, nodes }: FoldedEntry): string | undefined {
  if (impacts.length === 0) return undefined;
  const known =
    impacts.length < nodes.length ? ` on ${impacts.length} of ${nodes.length} nodes` : ' on each node';
  const where = nodes.length > 1 ? known : '';
  const rows = impacts.map((impact) => impact.rows);
  if (Math.max(...rows) === 0) return `no rows${where}`;
  const parts = impacts.map((impact) => impact.parts);
  const bytes = range(
    impacts.map((impact) => impact.bytes),
    formatBytes,
  );
  const noun = (one: string, values: readonly number[]): string =>
    Math.max(...values) === 1 ? one : `${one}s`;
  const size = `${range(rows, formatCount)} ${noun('row', rows)}, ${bytes}`;
  // Tables in memory and of the Log family have none.
  const inParts = Math.max(...parts) > 0 ? ` in ${range(parts, formatCount)} ${noun('part', parts)}` : '';
  return `${size}${inParts}${where}`;
}

/** The impact with a space before it, in parentheses; empty where the hazard is not about the data. */
export function hazardImpact(hazard: Hazard, entry: FoldedEntry): string {
  const text = ABOUT_DATA.has(hazard.kind) ? impactText(entry) : undefined;
  return text === undefined ? '' : ` (${text})`;
}
