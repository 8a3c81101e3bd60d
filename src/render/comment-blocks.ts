/** Takes a merged plan and who allowed what, and gives what stands in the plan's way, before anything else is read. */
import { keyOf } from '../model/object.ts';
import { unreadableNodes } from '../model/plan.ts';
import { type Approval, GUARDED, type Guarded } from '../model/review.ts';
import { listed, type MergedPlan } from './comment-merge.ts';
import { shorten } from './comment-room.ts';
import { code, prose } from './markdown-escape.ts';
import { counted } from './units.ts';
import { visibleId, visibleNode } from './visible.ts';

export interface Blocks {
  readonly text: string;
  /** Each is something that must happen before the plan can be applied. */
  readonly reasons: ReadonlySet<'unreadable' | 'error' | 'manual' | 'permission'>;
}

const WORDS: Readonly<Record<Guarded, string>> = {
  destructive: 'destructive',
  rebuild: 'rebuilding',
};
const MOST_NODES = 10;
const MOST_NAMES = 3;
const MOST_TEXT = 500;

/** Names of the objects with a verdict: a few, and how many more. */
function objectsText({ entries }: MergedPlan, verdict: string): string | undefined {
  const found = new Map(
    entries
      .filter(({ step }) => step.verdict === verdict && !step.allowance)
      .map(({ step }) => [keyOf(step.object), code(shorten(visibleId(step.object), MOST_TEXT))]),
  );
  return found.size === 0 ? undefined : listed([...found.values()], MOST_NAMES);
}

function unreadableLines({ plan }: MergedPlan): string[] {
  const nodes = unreadableNodes(plan);
  const lines = nodes.slice(0, MOST_NODES).map(({ node, address, unreadable = '' }) => {
    const message = code(shorten(unreadable, MOST_TEXT));
    return `- **unreadable**: nobody knows what ${code(visibleNode(node))} (${code(address)}) needs: ${message}`;
  });
  const more = nodes.length - MOST_NODES;
  return more > 0 ? [...lines, `- and ${counted(more, 'more unreadable node')}`] : lines;
}

function permissionLine(
  merged: MergedPlan,
  guarded: Guarded,
  approvals: readonly Approval[],
): Permission | undefined {
  const objects = objectsText(merged, guarded);
  if (objects === undefined) return undefined;
  const given = approvals.filter(({ verdict }) => verdict === guarded);
  const allowed = given.length > 0 && given.every((approval) => approval.allowed);
  const reasons = given.map(({ reason }) => prose(shorten(reason, MOST_TEXT)));
  const why = reasons.length > 0 ? reasons.join('; ') : 'nobody has allowed it';
  const word = allowed ? `✓ **${WORDS[guarded]}**, allowed` : `✗ **${WORDS[guarded]}**, needs permission`;
  return { allowed, line: `- ${word}: ${why} (${objects})` };
}

interface Permission {
  readonly allowed: boolean;
  readonly line: string;
}

/** Fails closed: a guarded step of which no approval speaks is not allowed. */
export function blocksOf(merged: MergedPlan, approvals: readonly Approval[]): Blocks {
  const errors = merged.findings.filter(({ finding }) => finding.severity === 'error').length;
  const manual = objectsText(merged, 'manual');
  const unreadable = unreadableLines(merged);
  const permissions = GUARDED.flatMap((guarded) => permissionLine(merged, guarded, approvals) ?? []);
  const reasons = new Set([
    ...(unreadable.length > 0 ? (['unreadable'] as const) : []),
    ...(errors > 0 ? (['error'] as const) : []),
    ...(manual === undefined ? [] : (['manual'] as const)),
    ...(permissions.some(({ allowed }) => !allowed) ? (['permission'] as const) : []),
  ]);
  const lines = [
    ...unreadable,
    ...(errors > 0 ? [`- **${counted(errors, 'error')}** among the findings below`] : []),
    ...(manual === undefined ? [] : [`- **by hand**: Plumbline can't do this: ${manual}`]),
    ...permissions.map(({ line }) => line),
  ];
  if (lines.length === 0) return { text: '', reasons };
  const count = reasons.size;
  const title =
    count > 0
      ? ['[!CAUTION]', "**This plan can't be applied yet.**"]
      : ['[!WARNING]', '**This plan destroys or rebuilds, and it is allowed to.**'];
  return { text: [...title, '', ...lines].map((line) => `> ${line}`.trimEnd()).join('\n'), reasons };
}
