/** Takes a step and gives what every report says of it: its verdict's word, the changes worth a line, its statements. */
import type { Place } from '../model/place.ts';
import type { Change, Step, Verdict } from '../model/step.ts';
import { subject } from './describe-change.ts';
import { sqlLines } from './sql-lines.ts';
import { formatBytes } from './units.ts';
import { visible } from './visible.ts';

const VERDICT_WORDS: Readonly<Record<Verdict, string | undefined>> = {
  metadata: undefined,
  mutation: 'mutation',
  rebuild: 'rebuild',
  destructive: 'destructive',
  manual: 'by hand',
};

/** What a verdict is called where it is worth a word; undefined for changes of metadata. */
export function verdictWord(verdict: Verdict): string | undefined {
  return VERDICT_WORDS[verdict];
}

/** `by schemas/shop.yaml:4, because it is below 1.0 GiB`; undefined where no declared limit allows the step. */
export function allowanceText(
  allowance: Step['allowance'],
  show: (place: Place) => string,
): string | undefined {
  if (!allowance) return undefined;
  return `by ${show(allowance.place)}, because it is below ${formatBytes(allowance.bytes)}`;
}

/** The changes worth a line: a whole object that comes or goes is told by its step. */
export function tellingChanges(step: Step): readonly Change[] {
  return step.changes.filter(
    (change) => change.action === 'alter' || change.attributes.length > 0 || subject(change, step) !== '',
  );
}

/** The statements as they run, each broken into lines of about `width` characters and ended by a semicolon. */
export function statementLines({ statements }: Step, width: number): string[] {
  return statements.flatMap((statement) => {
    const lines = sqlLines(statement, width).map(visible);
    return lines.map((line, at) => (at === lines.length - 1 ? `${line};` : line));
  });
}
