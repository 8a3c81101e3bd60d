/** Takes a merged plan and gives the line that sums it up: what would happen to how many objects, and where. */
import { keyOf } from '../model/object.ts';
import { unreadableNodes } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import type { MergedEntry, MergedPlan } from './comment-merge.ts';
import { unreadableText } from './summary.ts';
import { counted, formatBytes, formatCount } from './units.ts';
import { visible, visibleNode } from './visible.ts';

/** Actions on whole objects, told by their counts alone; all others name the kind and the size. */
const PLAIN = ['create', 'alter', 'replace', 'rename', 'drop'];

interface Tally {
  readonly step: Step;
  readonly objects: Set<string>;
  bytes: number;
}

const byHand = ({ verdict }: Step): boolean => verdict === 'manual';

function rank(step: Step): number {
  const at = PLAIN.indexOf(step.action);
  return byHand(step) ? PLAIN.length + 1 : at < 0 ? PLAIN.length : at;
}

function tallyKey(step: Step): string {
  if (byHand(step)) return 'by hand';
  return PLAIN.includes(step.action) ? step.action : `${step.action} ${step.object.kind}`;
}

function tallyText({ step, objects, bytes }: Tally): string {
  if (byHand(step)) return `${formatCount(objects.size)} by hand`;
  const action = visible(step.action);
  if (PLAIN.includes(action)) return `${formatCount(objects.size)} to ${action}`;
  const size = bytes > 0 ? ` (${formatBytes(bytes)})` : '';
  return `${counted(objects.size, visible(step.object.kind))} to ${action}${size}`;
}

/** `3 to create · 1 to drop · 2 partitions to repair (1.2 GiB)`; an object counts once, however many nodes need it. */
export function countsText(entries: readonly MergedEntry[]): string {
  const tallies = new Map<string, Tally>();
  for (const { step, impacts } of entries) {
    const key = tallyKey(step);
    const tally = tallies.get(key) ?? { step, objects: new Set(), bytes: 0 };
    tallies.set(key, tally);
    tally.objects.add(keyOf(step.object));
    tally.bytes += impacts.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  return [...tallies.values()]
    .sort((a, b) => rank(a.step) - rank(b.step))
    .map(tallyText)
    .join(' · ');
}

function whereText({ plan }: MergedPlan): string {
  const clusters = plan.clusters.filter(({ nodes }) => nodes.some(({ steps }) => steps.length > 0));
  const nodes = clusters.flatMap((cluster) => cluster.nodes.filter(({ steps }) => steps.length > 0));
  const [only] = clusters;
  const several = clusters.length > 1 || only === undefined;
  const of = several ? ` of ${counted(clusters.length, 'cluster')}` : ` of ${visibleNode(only.cluster)}`;
  return ` on ${counted(nodes.length, 'node')}${plan.clusters.length > 1 ? of : ''}`;
}

/** `3 to create · 1 to drop on 3 nodes of 2 clusters · 1 node unreadable (shop-2) · 1 error`, as plain text. */
export function commentVerdict(merged: MergedPlan): string {
  const { plan, entries, findings } = merged;
  const errors = findings.filter(({ finding }) => finding.severity === 'error').length;
  const warnings = findings.length - errors;
  const unreadable = unreadableText(unreadableNodes(plan).map(({ node }) => node));
  return [
    entries.length > 0 ? countsText(entries) + whereText(merged) : 'No changes',
    ...(unreadable === undefined ? [] : [unreadable]),
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ].join(' · ');
}
