/** Takes two texts and gives the lines that differ, with a little of what stands around them. */
import { diffArrays } from 'diff';
import { brokenSql } from './sql-lines.ts';
import { visible } from './visible.ts';

export interface DiffLine {
  /** `cut` stands where unchanged lines are left out; its text says how many. */
  readonly kind: 'same' | 'removed' | 'added' | 'cut';
  readonly text: string;
}

const CONTEXT = 3;
const WIDTH = 64;
/** With more changed lines than this the search for the shortest difference takes seconds. */
const MOST_CHANGES = 1000;

/** A line that only gets a comma, because one more follows it, is the same line. */
const withoutComma = (line: string): string => line.replace(/,$/, '');

const changes = (lines: readonly DiffLine[]): boolean => lines.some(({ kind }) => kind !== 'same');

function compare(from: readonly string[], to: readonly string[], key: (line: string) => string): DiffLine[] {
  const parts = diffArrays([...from], [...to], {
    comparator: (a, b) => key(a) === key(b),
    maxEditLength: MOST_CHANGES,
  }) ?? [
    { value: from, removed: true, added: false },
    { value: to, removed: false, added: true },
  ];
  return parts.flatMap(({ value, removed, added }) => {
    const kind = removed ? 'removed' : added ? 'added' : 'same';
    return value.map((text) => ({ kind, text: visible(text) }) as const);
  });
}

function cut(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  for (const [at, { kind }] of lines.entries()) {
    if (kind === 'same') continue;
    for (let offset = -CONTEXT; offset <= CONTEXT; offset++) near.add(at + offset);
  }
  const shown: DiffLine[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && !near.has(end)) end++;
    if (end - at > 1) shown.push({ kind: 'cut', text: `${end - at} lines` });
    else shown.push(...lines.slice(at, end));
    if (end < lines.length) shown.push(...lines.slice(end, end + 1));
    at = end + 1;
  }
  return shown;
}

/**
 * The lines in which two SQL texts differ, both first broken into lines by their clauses, with up to three unchanged ones
 * around each difference. Texts that only differ in white space are compared as they are. Every line can be printed.
 */
export function diffLines(from: string, to: string): DiffLine[] {
  const [before = [], after = []] = [from, to].map((text) => (text === '' ? [] : brokenSql(text, WIDTH)));
  const lines = compare(before, after, withoutComma);
  return cut(changes(lines) ? lines : compare(from.split('\n'), to.split('\n'), (line) => line));
}

/** The same for texts that are no SQL. */
export function plainDiff(from: string, to: string): DiffLine[] {
  const [before = [], after = []] = [from, to].map((text) => (text === '' ? [] : text.split('\n')));
  return cut(compare(before, after, (line) => line));
}
