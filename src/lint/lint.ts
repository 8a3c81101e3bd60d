/** A declared estate goes in; what lint rules find in it, and silencing that silences nothing, come out. */
import type { DeclaredObject, Estate, Ignore } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey } from '../model/object.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { LINT_RULES } from './index.ts';
import type { Complaint, Rule } from './rule.ts';
import { type Linted, type Neighbours, neighboursOf, subjectOf } from './subject.ts';

/** The rule of findings about silencing that silences nothing. */
export const UNUSED_IGNORE = 'unused-ignore';

/** SQL that can't be read here is left to the server, which says what is wrong with it. */
function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return undefined;
    throw error;
  }
}

function isSilencedBy({ rule, column }: Ignore, slug: string, { at }: Complaint): boolean {
  return rule === slug && (column === undefined || (at[0] === 'columns' && at[1] === column));
}

function findingOf(
  { slug, severity }: Rule,
  { message, at }: Complaint,
  { tree, document }: DeclaredObject,
): Finding {
  const place = document?.keyPlace(at) ?? tree.root.place;
  return { severity, rule: slug, message, object: nameKey(tree.root.id), ...(place && { place }) };
}

function lintObject(
  { object, subject }: Linted,
  neighbours: Neighbours,
  ignores: readonly Ignore[],
  used: Set<Ignore>,
) {
  return LINT_RULES.flatMap((rule) => {
    const complaints = unlessUnreadable(() => [...rule.check(subject, neighbours)]) ?? [];
    return complaints.flatMap((complaint) => {
      const silencing = ignores.filter((ignore) => isSilencedBy(ignore, rule.slug, complaint));
      for (const ignore of silencing) used.add(ignore);
      return silencing.length > 0 ? [] : [findingOf(rule, complaint, object)];
    });
  });
}

function unusedIgnore({ rule, column, place }: Ignore, object?: DeclaredObject): Finding {
  const where = column === undefined ? '' : ` for column \`${column}\``;
  const message = `\`${rule}\` finds nothing here${where}, so that there is nothing to silence; remove this line`;
  return {
    ...{ severity: 'warning', rule: UNUSED_IGNORE, message, place },
    ...(object && { object: nameKey(object.tree.root.id) }),
  };
}

/** Findings in the order of files and lines. `everywhere` silences rules in the whole estate. */
export function lintEstate({ objects }: Estate, everywhere: readonly Ignore[] = []): Finding[] {
  const linted = objects.flatMap((object): Linted[] => {
    const subject = unlessUnreadable(() => subjectOf(object));
    return subject ? [{ object, subject }] : [];
  });
  const neighbours = neighboursOf(linted);
  const used = new Set<Ignore>();
  const findings = linted
    .filter(({ object }) => !object.unlinted)
    .flatMap((one) =>
      lintObject(one, neighbours, [...(one.object.document?.ignores ?? []), ...everywhere], used),
    );
  const unused = linted.flatMap(({ object }) =>
    (object.document?.ignores ?? [])
      .filter((ignore) => !used.has(ignore))
      .map((ignore) => unusedIgnore(ignore, object)),
  );
  const unusedEverywhere = everywhere
    .filter((ignore) => !used.has(ignore))
    .map((ignore) => unusedIgnore(ignore));
  return [...findings, ...unused, ...unusedEverywhere].sort(byPlace);
}

function byPlace({ place: a }: Finding, { place: b }: Finding): number {
  if (!a || !b) return Number(!a) - Number(!b);
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
}
