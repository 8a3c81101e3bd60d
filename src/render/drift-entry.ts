/** Takes one folded entry of a plan and gives the lines that tell it as drift: what is live against what is declared. */
import type { ClusterPlan } from '../model/plan.ts';
import type { AttributeChange, Change, Step } from '../model/step.ts';
import { attributeLabel, attributeText, definition, isLong, NONE, subject } from './describe-change.ts';
import { tellingChanges } from './describe-step.ts';
import { type FoldedEntry, nodesText } from './fold-nodes.ts';
import { attributeDiff } from './text-change.ts';
import type { Palette } from './text-palette.ts';
import { visible, visibleNode, visiblePath, visiblePlace } from './visible.ts';
import { flow, indent } from './wrap.ts';

export type Drift = 'missing' | 'differs' | 'not declared';

/** What a step says about the live server. */
export function driftOf({ action }: Step): Drift {
  return (
    {
      create: 'missing',
      alter: 'differs',
      replace: 'differs',
      repair: 'differs',
      rename: 'differs',
      drop: 'not declared',
    } as const
  )[action];
}

function attributeLines(attribute: AttributeChange, colours: Palette, width: number): string[] {
  const { name, from, to } = attribute;
  const label = attributeLabel(name);
  if (name === 'position' && from === undefined) return [`${label}: declared ${visible(to ?? '')}`];
  if (isLong(attribute, width)) {
    const legend = colours.quiet('(- live, + declared)');
    return [`${label}  ${legend}`, ...indent(attributeDiff(attribute, colours), 2)];
  }
  const shown = (value: string | undefined): string => visible(attributeText(name, value)) || NONE;
  return [`${label}: live ${colours.bad(shown(from))}, declared ${colours.good(shown(to))}`];
}

function changeLines(change: Change, step: Step, colours: Palette, width: number): string[] {
  const lead = subject(change, step);
  if (change.action === 'create') return [`${lead} is missing  ${definition(change)}`.trimEnd()];
  if (change.action === 'drop') return [`${lead} is not declared  ${definition(change)}`.trimEnd()];
  const lines = change.attributes.flatMap((attribute) =>
    attributeLines(attribute, colours, width - lead.length - attribute.name.length - 20),
  );
  if (lead === '') return lines;
  const [only = '', ...others] = lines;
  return others.length === 0 ? [`${lead}  ${only}`] : [lead, ...indent(lines, 4)];
}

/** Its head and what differs. */
export function driftLines(
  entry: FoldedEntry,
  cluster: ClusterPlan,
  colours: Palette,
  width: number,
): string[] {
  const { step, nodes, followers } = entry;
  const drift = driftOf(step);
  const name = visiblePath(step.object.path);
  const paint = { missing: colours.bad, differs: colours.careful, 'not declared': colours.deep }[drift];
  const strong = (text: string): string => text.slice(0, text.length - name.length) + colours.strong(name);
  const pieces = [
    { text: `${visible(step.object.kind)} ${name}`, paint: strong },
    { text: drift, paint },
    { text: nodesText([...nodes, ...followers], cluster, visibleNode), paint: colours.quiet },
    { text: step.place ? visiblePlace(step.place) : '', paint: colours.quiet },
  ];
  const told = tellingChanges(step).flatMap((change) => changeLines(change, step, colours, width - 6));
  return indent([...flow(pieces, width - 2, 4), ...indent(told, 4)], 2);
}
