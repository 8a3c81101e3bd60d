/** What a table's keys and engine are made of, as far as its columns must know. */
import type { Tree } from '../model/object.ts';
import type { RefusalDraft } from '../model/step.ts';
import { identifier } from '../sql/quote.ts';
import { isEphemeral, isStored } from './column-effects.ts';
import type { Column } from './column-text.ts';
import type { Around } from './kind.ts';
import { mentions } from './mentions.ts';
import { engineOf, keyParts } from './table-engine.ts';

export function engineOfTable(tree: Tree): string {
  return String(tree.root.attributes.engine);
}

export function columnsOf(tree: Tree): ReadonlyMap<string, Column> {
  const columns = tree.parts.filter(({ id }) => id.kind === 'column');
  return new Map(columns.map(({ id, attributes }) => [id.path.at(-1) ?? '', attributes as Column]));
}

/** Engines whose parameters name columns that hold nothing but values: their types are free. */
const SUMMING = new Set(['SummingMergeTree', 'CoalescingMergeTree']);

const keysOf = (tree: Tree): string[] => {
  const { partitionBy, primaryKey, orderBy, sampleBy } = tree.root.attributes;
  return [partitionBy, primaryKey, orderBy, sampleBy].filter((text) => typeof text === 'string');
};

/** Whether something is computed of this column for a key, which ClickHouse guards more closely than the column itself. */
export function isInKeyExpression(name: string, tree: Tree): boolean {
  const isColumn = (part: string): boolean =>
    [name, identifier(name)].includes(part.replace(/ (ASC|DESC)$/, ''));
  return keysOf(tree)
    .flatMap(keyParts)
    .some((part) => mentions(part, name) && !isColumn(part));
}

/** Whether a key of the table, or a parameter of its engine such as the version, is made of this column. */
export function keyUse(name: string, tree: Tree): 'key' | 'parameter' | 'summed' | undefined {
  if (keysOf(tree).some((text) => mentions(text, name))) return 'key';
  const engine = engineOf(engineOfTable(tree));
  if (!engine.name.endsWith('MergeTree') || !mentions(engine.parameters, name)) return undefined;
  return SUMMING.has(engine.name) ? 'summed' : 'parameter';
}

/** Whether a column that the rows have on disk stays there; one that becomes EPHEMERAL is dropped and added anew. */
export function keepsStored({ from, to }: Around): boolean {
  const kept = columnsOf(to);
  return [...columnsOf(from)].some(([name, column]) => {
    const after = kept.get(name);
    return isStored(column) && after !== undefined && !isEphemeral(after);
  });
}

export const KEEPS_NONE: RefusalDraft = {
  refuse: "ClickHouse can't drop all columns that hold the rows, even where new ones are added",
};
