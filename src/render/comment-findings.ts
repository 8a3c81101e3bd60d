/** Takes findings and gives their section: errors first, each with where it was seen, lint's warnings folded, as many as there is room for. */
import { lintRule } from '../lint/index.ts';
import { UNUSED_IGNORE } from '../lint/lint.ts';
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

const isLint = ({ finding }: MergedFinding): boolean =>
  finding.severity === 'warning' && (finding.rule === UNUSED_IGNORE || lintRule(finding.rule) !== undefined);

/** Lint is about declarations, wherever they stand. */
function lintLine({ finding: { rule, message, place } }: MergedFinding, { context }: View): string {
  const link = lintRule(rule)?.link;
  const name = link === undefined ? code(rule) : `[${code(rule)}](${link})`;
  return `- ${place ? `${placeLink(context, place)} · ` : ''}${name}: ${prose(shorten(message, MOST_TEXT))}`;
}

/** The lines there is room for down to `floor`, in order. */
function linesWithin(lines: readonly string[], room: Room, floor: number): string[] {
  const told: string[] = [];
  for (const line of lines) {
    if (room.left() - room.cost(line) < floor || !room.take(line)) break;
    told.push(line);
  }
  return told;
}

function moreLine(missing: readonly MergedFinding[]): string[] {
  const errors = missing.filter(({ finding }) => finding.severity === 'error').length;
  const worst = errors > 0 ? `, ${formatCount(errors)} of them errors` : '';
  return missing.length > 0 ? [`- … and ${counted(missing.length, 'more finding')}${worst}`] : [];
}

function foldedLint(count: number, lines: readonly string[]): string[] {
  if (count === 0) return [];
  return [
    '<details>',
    `<summary>${counted(count, 'lint warning')} about what changes here</summary>`,
    '',
    ...lines,
    '',
    '</details>',
  ];
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
  const lint = findings.filter(isLint);
  const others = findings.filter((finding) => !isLint(finding));
  room.hold(lint.length > 0 ? TAIL * 3 : TAIL);
  const seen = linesWithin(
    others.map((finding) => findingLine(finding, view)),
    room,
    floor,
  );
  const linted = linesWithin(
    lint.map((finding) => lintLine(finding, view)),
    room,
    floor,
  );
  const [unseen, unlinted] = [others.slice(seen.length), lint.slice(linted.length)];
  const folded = foldedLint(lint.length, [...linted, ...moreLine(unlinted)]);
  const open = [...seen, ...moreLine(unseen)];
  const lines = [
    '### Findings',
    ...(open.length > 0 ? ['', ...open] : []),
    ...(folded.length > 0 ? ['', ...folded] : []),
  ];
  return { text: lines.join('\n'), leftOut: unseen.length + unlinted.length };
}

/** Mistakes of declarations, which no node has seen. */
export function asMerged(findings: readonly Finding[]): MergedFinding[] {
  return findings.map((finding) => ({ finding, nodes: finding.node ? [finding.node] : [], targets: [] }));
}
