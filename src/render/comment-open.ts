/** Takes the entries that may never be folded or cut and gives their section, told as fully as there is room for. */
import { gravityWord, namesOnly } from './comment-by-name.ts';
import { briefEntry, type View } from './comment-entry.ts';
import type { MergedEntry } from './comment-merge.ts';
import { type Room, takeFrom } from './comment-room.ts';
import { verdictWord } from './describe-step.ts';
import { formatCount } from './units.ts';

export interface OpenSection {
  readonly text: string;
  /** How many entries are told on a line, or by their names alone. */
  readonly brief: number;
  /** How many are not even named. */
  readonly unnamed: number;
}

/** The headings and sentences of the section itself. */
const FRAME = 600;
const BRIEFLY = 'These are told in one line each, because there is no room for more:';

const ORDER = ['destructive', 'rebuild', undefined, 'by hand'];

/** `2 destructive · 1 rebuild · 1 by hand`. */
function heading(entries: readonly MergedEntry[]): string {
  const counts = new Map<string, number>();
  for (const { step } of entries) {
    const word = gravityWord(step);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return `### ${[...counts].map(([word, count]) => `${formatCount(count)} ${word}`).join(' · ')}`;
}

/** The worst first, then the largest, otherwise in the order in which they run. */
export function byGravity(entries: readonly MergedEntry[]): MergedEntry[] {
  const rank = ({ step }: MergedEntry): number => {
    const at = ORDER.indexOf(verdictWord(step.verdict));
    return at < 0 ? ORDER.indexOf(undefined) : at;
  };
  const bytes = ({ impacts }: MergedEntry): number => impacts.reduce((sum, impact) => sum + impact.bytes, 0);
  return [...entries].sort((a, b) => rank(a) - rank(b) || bytes(b) - bytes(a));
}

function section(title: string, pieces: readonly string[]): string {
  return [title, ...pieces].join('\n\n');
}

/** Holds the room that the entries need at least; the answer uses more of it where more is left. `full` renders an open entry. */
export function openSection(
  entries: readonly MergedEntry[],
  view: View,
  room: Room,
  full: (entry: MergedEntry) => string,
): () => OpenSection {
  if (entries.length === 0) return () => ({ text: '', brief: 0, unnamed: 0 });
  const sorted = byGravity(entries);
  const briefs = sorted.map((entry) => briefEntry(entry, view));
  const title = heading(sorted);
  room.hold(FRAME);
  const least = briefs.reduce((sum, brief) => sum + room.cost(brief), 0);
  if (least > room.left()) {
    const { texts, unnamed } = namesOnly(sorted, room);
    return () => ({ text: section(title, texts), brief: entries.length, unnamed });
  }
  room.hold(least);
  return () => {
    const opened: string[] = [];
    const told: string[] = [];
    const render = takeFrom(room);
    for (const [at, entry] of sorted.entries()) {
      const brief = briefs[at] ?? '';
      room.hold(-room.cost(brief));
      const text = render(() => full(entry));
      if (text !== undefined) {
        opened.push(text);
      } else {
        room.hold(room.cost(brief));
        told.push(brief);
      }
    }
    const list =
      told.length > 0
        ? [
            opened.length > 0 ? `#### And ${formatCount(told.length)} more\n\n${BRIEFLY}` : BRIEFLY,
            told.join('\n'),
          ]
        : [];
    return { text: section(title, [...opened, ...list]), brief: told.length, unnamed: 0 };
  };
}
