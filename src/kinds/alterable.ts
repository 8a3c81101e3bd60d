/** Says whether a table's engine lets ALTER touch a part, and what must happen where it does not. */
import { engineOfTable } from './column-keys.ts';
import { altersComments } from './engine-abilities.ts';
import type { Around, PartDraft } from './kind.ts';
import { altersColumns, engineOf, holdsRows, isMergeTree } from './table-engine.ts';

function cannot(alters: boolean, what: string, around: Around): PartDraft | undefined {
  if (alters) return undefined;
  const engine = engineOfTable(around.to);
  if (!holdsRows(engineOfTable(around.from))) return 'replace';
  return { rebuild: `the engine ${engineOf(engine).name} can't alter ${what}` };
}

/** Undefined where an ALTER does it; `replace` where the table keeps no rows and can be created anew. */
export function cannotAlterColumn(name: string, around: Around): PartDraft | undefined {
  return cannot(altersColumns(engineOfTable(around.to)), `column \`${name}\``, around);
}

/** The same for a change of nothing but a column's comment. */
export function cannotAlterComment(name: string, around: Around): PartDraft | undefined {
  const alters = altersComments(engineOfTable(around.to), 'column');
  return cannot(alters, `the comment of column \`${name}\``, around);
}

/** The same for indexes, constraints and projections, which only MergeTree tables alter. */
export function cannotAlterParts(what: string, around: Around): PartDraft | undefined {
  return cannot(isMergeTree(engineOfTable(around.to)), `the ${what} of a table`, around);
}
