/** Takes one merged entry of a plan and gives its Markdown: open, folded away, or on one line. */
import type { ReviewContext } from '../model/review.ts';
import { placeAnchor, placeLink } from './comment-links.ts';
import type { MergedEntry } from './comment-merge.ts';
import { listed, sectionText, targetsText } from './comment-merge.ts';
import { verdictWord } from './describe-step.ts';
import { followedText } from './fold-nodes.ts';
import type { TenantEntry } from './fold-tenants.ts';
import { impactText } from './impact.ts';
import { cautions, definitionBlocks, verb } from './markdown-entry.ts';
import { code, html, htmlCode, prose } from './markdown-escape.ts';
import { tenantBlocks } from './markdown-tenants.ts';
import { visibleNode, visiblePath, visiblePlace } from './visible.ts';

/** What every entry of a comment is told with. */
export interface View {
  readonly context: ReviewContext;
  /** Whether the plan has several clusters, so that nodes need their cluster's name. */
  readonly several: boolean;
}

const NOWHERE = 'in no declaration';

/** Blocks of lines as one piece of text. */
export function piece(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
}

/** What stands behind the object, where no hazard has said it. */
function impactLines(entry: MergedEntry, told: readonly string[]): string[] {
  const text = impactText(entry);
  if (text === undefined || told.some((line) => line.includes(text))) return [];
  return [entry.step.verdict === 'metadata' ? `- **keeps its data**: ${text}` : `- **holds** ${text}`];
}

function bodyBlocks(entry: MergedEntry): string[][] {
  const told = cautions(entry);
  return [[...told, ...impactLines(entry, told)], ...definitionBlocks(entry)];
}

/** With a heading, so that it can't be missed. */
export function openEntry(entry: MergedEntry, { context, several }: View): string {
  const { step, targets, followers } = entry;
  const { object, place } = step;
  const show = (name: string): string => code(visibleNode(name));
  const facts = [
    verdictWord(step.verdict) ?? [],
    targetsText(targets, several, show) + followedText(followers, show),
    place ? placeLink(context, place) : NOWHERE,
  ].flat();
  const title = `#### ${verb(step)} ${prose(object.kind)} ${code(visiblePath(object.path))}`;
  return piece([[title], [facts.join(' · ')], ...bodyBlocks(entry)]);
}

/** Behind a summary of one line, in a section that names its clusters. */
export function foldedEntry(entry: TenantEntry<MergedEntry>, { context }: View): string {
  const { step, targets, followers, alike } = entry;
  const { object, place } = step;
  const show = (name: string): string => htmlCode(visibleNode(name));
  const where = sectionText(targets, show) + followedText(followers, show);
  if (alike) return piece(tenantBlocks(alike, where));
  const facts = [
    `${verb(step)} ${html(object.kind)} ${htmlCode(visiblePath(object.path))}`,
    verdictWord(step.verdict) ?? [],
    where,
    place ? placeAnchor(context, place) : NOWHERE,
  ].flat();
  const summary = `<details><summary>${facts.join(' · ')}</summary>`;
  return piece([[summary], ...bodyBlocks(entry), ['</details>']]);
}

/** One line of a list: all that a reviewer must know, without definition and statements. */
export function briefEntry(entry: MergedEntry, { several }: View): string {
  const { step, targets, followers } = entry;
  const show = (name: string): string => code(visibleNode(name));
  const hazards = [...new Set(step.hazards.map(({ kind }) => prose(kind)))];
  const facts = [
    `- **${verb(step)}** ${prose(step.object.kind)} ${code(visiblePath(step.object.path))}`,
    verdictWord(step.verdict) ?? [],
    targetsText(targets, several, show) + followedText(followers, show),
    hazards.length > 0 ? listed(hazards, hazards.length) : [],
    impactText(entry) ?? [],
    step.place ? code(visiblePlace(step.place)) : [],
  ].flat();
  return facts.join(' · ');
}
