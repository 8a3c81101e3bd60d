/** Takes entries that are too many for a line each and gives their names, in as few characters as there is room for. */
import type { Step } from '../model/step.ts';
import type { MergedEntry } from './comment-merge.ts';
import { foldNames, type NameToken, namesIn } from './comment-names.ts';
import type { Room } from './comment-room.ts';
import { verdictWord } from './describe-step.ts';
import { verb } from './markdown-entry.ts';
import { fenced, prose } from './markdown-escape.ts';
import { counted, formatCount } from './units.ts';
import { visibleName, visiblePath } from './visible.ts';

const WIDTH = 150;
/** Of what is left, for the titles of the groups. */
const FRAME = 600;
const BY_NAME =
  'There are too many for a line each, so these are their names; `{a,b}` and `{01..40}` stand for all of their members:';

/** Why an entry stays open, in one word. */
export function gravityWord({ verdict }: Step): string {
  return verdictWord(verdict) ?? 'losing data';
}

interface Group {
  readonly title: string;
  readonly entries: MergedEntry[];
}

function groups(entries: readonly MergedEntry[]): Group[] {
  const found = new Map<string, Group>();
  for (const entry of entries) {
    const { step } = entry;
    const title = `**${verb(step)}** ${prose(step.object.kind)} · ${gravityWord(step)}`;
    const group = found.get(title) ?? { title, entries: [] };
    found.set(title, group);
    group.entries.push(entry);
  }
  return [...found.values()];
}

/** Texts on lines of about a width; what stands between two of them is the space or the line end. */
function lines(texts: readonly string[], gap: string): string[] {
  const found: string[] = [];
  let line = '';
  for (const text of texts) {
    if (line !== '' && line.length + text.length > WIDTH) {
      found.push(line.trimEnd());
      line = '';
    }
    line += line === '' ? text : gap + text;
  }
  return line === '' ? found : [...found, line.trimEnd()];
}

function groupText({ title, entries }: Group, names: readonly string[]): string {
  return [`${title} · ${counted(entries.length, 'object')}`, '', ...fenced('text', names)].join('\n');
}

const wholeNames = ({ entries }: Group): string[] =>
  lines(
    entries.map(({ step }) => visiblePath(step.object.path)),
    ' ',
  );

const tokensOf = ({ entries }: Group): NameToken[] =>
  foldNames(entries.map(({ step }) => step.object.path.map(visibleName)));

const foldedNames = (tokens: readonly NameToken[]): string[] =>
  lines(
    tokens.map(({ text }) => text),
    '',
  );

/** By their names alone: whole ones, else folded ones, else as many of the folded ones as there is room for. */
export function namesOnly(entries: readonly MergedEntry[], room: Room): { texts: string[]; unnamed: number } {
  const all = groups(entries);
  const ways = [
    () => all.map((group) => groupText(group, wholeNames(group))),
    () => all.map((group) => groupText(group, foldedNames(tokensOf(group)))),
  ];
  for (const way of ways) {
    const texts = way();
    if (room.take(texts.join('\n\n'))) return { texts: [BY_NAME, ...texts], unnamed: 0 };
  }
  let unnamed = 0;
  const texts = all.flatMap((group) => {
    let left = room.left() - FRAME;
    const tokens = tokensOf(group);
    const fit = tokens.filter(({ text }) => {
      left -= room.cost(text);
      return left > 0;
    });
    const missing = namesIn(tokens) - namesIn(fit);
    const more = missing > 0 ? [`… and ${formatCount(missing)} more`] : [];
    const text = groupText(group, [...foldedNames(fit), ...more]);
    const taken = room.take(text);
    unnamed += taken ? missing : namesIn(tokens);
    return taken ? [text] : [];
  });
  return { texts: [BY_NAME, ...texts], unnamed };
}
