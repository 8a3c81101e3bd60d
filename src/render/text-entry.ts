/** Takes one folded entry of a plan and gives the lines that show it on a terminal. */
import type { ClusterPlan } from '../model/plan.ts';
import { deliveredLines, deliveryText } from './delivered-file.ts';
import { allowanceText, statementLines, tellingChanges, verdictWord } from './describe-step.ts';
import { type FoldedEntry, nodesText } from './fold-nodes.ts';
import { hazardImpact } from './impact.ts';
import { registrationLines, registrationText } from './registered-list.ts';
import { changeLines, diffText } from './text-change.ts';
import { type Palette, signOf, signPaint, verdictPaint } from './text-palette.ts';
import { visible, visibleNode, visiblePath, visiblePlace } from './visible.ts';
import { flow, indent, wrap } from './wrap.ts';

const MARGIN = 2;
const DETAIL = 4;

function head(entry: FoldedEntry, cluster: ClusterPlan, colours: Palette, width: number): string[] {
  const { step, nodes, followers } = entry;
  const name = visiblePath(step.object.path);
  const sign = signPaint(step, colours);
  const paint = (text: string): string =>
    `${sign(text.slice(0, 1))}${text.slice(1, text.length - name.length)}${colours.strong(name)}`;
  const pieces = [
    { text: `${signOf(step)} ${visible(step.object.kind)} ${name}`, paint },
    { text: verdictWord(step.verdict) ?? '', paint: verdictPaint(step.verdict, colours) },
    { text: nodesText(nodes, cluster, visibleNode, followers), paint: colours.quiet },
    { text: step.place ? visiblePlace(step.place) : '', paint: colours.quiet },
  ];
  return flow(pieces, width, DETAIL);
}

function warnings(entry: FoldedEntry, colours: Palette, width: number): string[] {
  const { hazards, refusals, verdict, allowance } = entry.step;
  const allowed = allowanceText(allowance, visiblePlace);
  const bullet = (label: string, text: string, paint: (text: string) => string): string[] => {
    const [first = '', ...rest] = wrap(`! ${label}: ${text}`, width);
    const lead = `! ${label}:`;
    return [first.startsWith(lead) ? paint(lead) + first.slice(lead.length) : first, ...indent(rest, 2)];
  };
  const paint = verdict === 'destructive' ? colours.bad : colours.careful;
  return [
    ...hazards.flatMap((hazard) =>
      bullet(visible(hazard.kind), visible(hazard.reason) + hazardImpact(hazard, entry), paint),
    ),
    ...refusals.flatMap((reason) => bullet("can't be done by Plumbline", visible(reason), colours.bad)),
    ...(allowed === undefined ? [] : wrap(`allowed ${allowed}`, width)),
  ];
}

function fileLines({ file, registration }: FoldedEntry['step'], colours: Palette, width: number): string[] {
  if (registration)
    return [
      ...wrap(visible(registrationText(registration)), width),
      ...registrationLines(registration).map((line) => diffText(line, colours)),
    ];
  if (!file) return [];
  return [
    ...wrap(visible(deliveryText(file)), width),
    ...deliveredLines(file).map((line) => diffText(line, colours)),
  ];
}

/** Its head, what changes, what to look at twice, and the statements that run. */
export function entryLines(
  entry: FoldedEntry,
  cluster: ClusterPlan,
  colours: Palette,
  width: number,
): string[] {
  const { step } = entry;
  const inner = width - MARGIN - DETAIL;
  const told = [
    ...(step.registration ? [] : tellingChanges(step)).flatMap((change) =>
      changeLines(change, step, colours, inner),
    ),
    ...warnings(entry, colours, inner),
    ...fileLines(step, colours, inner),
  ];
  const statements = statementLines(step, inner);
  const gap = told.length > 0 && statements.length > 0 ? [''] : [];
  const details = indent([...told, ...gap, ...statements], DETAIL);
  return indent([...head(entry, cluster, colours, width - MARGIN), ...details], MARGIN);
}
