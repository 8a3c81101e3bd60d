/** Takes findings and gives their section: errors first, each with where it was seen, as many as there is room for. */
import type { Finding } from '../model/finding.ts';
import type { View } from './comment-entry.ts';
import { placeLink } from './comment-links.ts';
import { type MergedFinding, targetsText } from './comment-merge.ts';
import { type Room, shorten } from './comment-room.ts';
import { code, prose } from './markdown-escape.ts';
import { counted, formatCount } from './units.ts';
import { visibleNode } from './visible.ts';

const MOST_TEXT = 1000;
const TAIL = 100;

export interface FindingsSection {
  readonly text: string;
  readonly leftOut: number;
}

function findingLine({ finding, targets, nodes }: MergedFinding, { context, several }: View): string {
  const { severity, rule, message, place } = finding;
  const show = (name: string): string => code(visibleNode(name));
  const seen = targets.length > 0 ? targetsText(targets, several, show) : nodes.map(show).join(', ');
  const facts = [
    `**${severity}** ${code(shorten(rule, MOST_TEXT))}`,
    seen,
    place ? placeLink(context, place) : '',
  ];
  return `- ${facts.filter((fact) => fact !== '').join(' · ')}: ${prose(shorten(message, MOST_TEXT))}`;
}

/** Uses at most `most` of the room. */
export function findingsSection(
  findings: readonly MergedFinding[],
  view: View,
  room: Room,
  most: number,
): FindingsSection {
  if (findings.length === 0) return { text: '', leftOut: 0 };
  const floor = room.left() - most;
  room.hold(TAIL);
  const told: string[] = [];
  for (const finding of findings) {
    const line = findingLine(finding, view);
    if (room.left() - room.cost(line) < floor || !room.take(line)) break;
    told.push(line);
  }
  const missing = findings.slice(told.length);
  const errors = missing.filter(({ finding }) => finding.severity === 'error').length;
  const worst = errors > 0 ? `, ${formatCount(errors)} of them errors` : '';
  const more = missing.length > 0 ? [`- … and ${counted(missing.length, 'more finding')}${worst}`] : [];
  return { text: ['### Findings', '', ...told, ...more].join('\n'), leftOut: missing.length };
}

/** Mistakes of declarations, which no node has seen. */
export function asMerged(findings: readonly Finding[]): MergedFinding[] {
  return findings.map((finding) => ({ finding, nodes: finding.node ? [finding.node] : [], targets: [] }));
}
