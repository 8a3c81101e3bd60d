/** Takes one folded entry of a plan and gives its Markdown: open where it needs a reviewer's eye, folded away elsewhere. */
import type { Registration } from '../model/network.ts';
import type { StepFile } from '../model/node-file.ts';
import type { ClusterPlan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { deliveredLines, deliveryText } from './delivered-file.ts';
import { allowanceText, statementLines, verdictWord } from './describe-step.ts';
import { type FoldedEntry, nodesText } from './fold-nodes.ts';
import { hazardImpact } from './impact.ts';
import { diffBlock, diffMarked } from './markdown-change.ts';
import { code, fenced, html, htmlCode, prose } from './markdown-escape.ts';
import { registrationLines, registrationText } from './registered-list.ts';
import { visibleNode, visiblePath, visiblePlace } from './visible.ts';

const WIDTH = 100;
const OPEN: ReadonlySet<Step['verdict']> = new Set(['rebuild', 'destructive', 'manual']);

/** Whether an entry may never be folded away. */
export function staysOpen({ step }: FoldedEntry): boolean {
  return OPEN.has(step.verdict) || step.hazards.some(({ kind }) => kind === 'loses data');
}

/** `Create`, `Drop`: a step's action as the first word of its title. */
export function verb({ action }: Step): string {
  return action.charAt(0).toUpperCase() + action.slice(1);
}

/** Why to look twice, a line each. */
export function cautions(entry: FoldedEntry): string[] {
  const { hazards, refusals, allowance } = entry.step;
  const allowed = allowanceText(allowance, (place) => code(visiblePlace(place)));
  return [
    ...hazards.map(
      (hazard) => `- **${prose(hazard.kind)}**: ${prose(hazard.reason)}${hazardImpact(hazard, entry)}`,
    ),
    ...refusals.map((reason) => `- **can't be done by Plumbline**: ${prose(reason)}`),
    ...(allowed === undefined ? [] : [`- **allowed** ${allowed}`]),
  ];
}

function fileBlocks(file: StepFile): string[][] {
  return [
    [prose(deliveryText(file))],
    fenced(
      'diff',
      deliveredLines(file).map((line) => diffMarked(line)),
    ),
  ];
}

function registrationBlocks(registration: Registration): string[][] {
  return [
    [prose(registrationText(registration))],
    fenced(
      'diff',
      registrationLines(registration).map((line) => diffMarked(line)),
    ),
  ];
}

/** What changes in the definition, and the statements that run. */
export function definitionBlocks({ step }: FoldedEntry): string[][] {
  const changed = step.registration ? [] : diffBlock(step);
  return [
    changed.length > 0 ? fenced('diff', changed) : [],
    ...(step.file ? fileBlocks(step.file) : []),
    ...(step.registration ? registrationBlocks(step.registration) : []),
    step.statements.length > 0 ? fenced('sql', statementLines(step, WIDTH)) : [],
  ];
}

function openHead({ step, nodes, followers }: FoldedEntry, cluster: ClusterPlan): string[][] {
  const { object, verdict, place } = step;
  const word = verdictWord(verdict);
  const title = `#### ${verb(step)} ${prose(object.kind)} ${code(visiblePath(object.path))}`;
  const origin = place ? ` · ${code(visiblePlace(place))}` : '';
  return [
    [word === undefined ? title : `${title}: ${word}`],
    [`${nodesText(nodes, cluster, (node) => code(visibleNode(node)), followers)}${origin}`],
  ];
}

function summary({ step, nodes, followers }: FoldedEntry, cluster: ClusterPlan): string {
  const { object, verdict, place } = step;
  const word = verdictWord(verdict);
  const where = nodesText(nodes, cluster, (node) => htmlCode(visibleNode(node)), followers);
  const name = `${verb(step)} ${html(object.kind)} ${htmlCode(visiblePath(object.path))}`;
  const origin = place ? ` · ${htmlCode(visiblePlace(place))}` : '';
  return `<details><summary>${name}${word === undefined ? '' : ` · ${word}`} · ${where}${origin}</summary>`;
}

/** Blocks of lines, to be joined by empty lines. */
export function entryBlocks(entry: FoldedEntry, cluster: ClusterPlan): string[][] {
  const body = [cautions(entry), ...definitionBlocks(entry)];
  if (staysOpen(entry)) return [...openHead(entry, cluster), ...body];
  return [[summary(entry, cluster)], ...body, ['</details>']];
}
