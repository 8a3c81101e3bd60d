/** A table's tree goes in; what a comparison needs to know of it comes out: stored columns, keys, and the engine's way to merge. */
import type { Column } from '../kinds/column-text.ts';
import type { Table } from '../kinds/table.ts';
import { engineOf, keyParts } from '../kinds/table-engine.ts';
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';

export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  /** `DEFAULT 1`, `MATERIALIZED a + b`, or undefined. */
  readonly value: string | undefined;
  readonly ttl: string | undefined;
}

export interface ComparedTable {
  readonly path: readonly string[];
  /** As the table's tree has it: how the table is replicated is no part of it. */
  readonly engine: { readonly name: string; readonly parameters: readonly string[] };
  /** Columns with values of their own on disk. */
  readonly columns: readonly StoredColumn[];
  readonly partitionBy: string | undefined;
  readonly orderBy: readonly string[];
  readonly sampleBy: string | undefined;
  readonly ttl: string | undefined;
}

function splitEngineText(text: string): ComparedTable['engine'] {
  const { name, parameters } = engineOf(text);
  return { name, parameters: new Cursor(parameters).list() };
}

const isStored = ({ value }: Column): boolean => !/^(?:ALIAS|EPHEMERAL)\b/.test(value ?? '');

export function comparedTable(tree: Tree): ComparedTable {
  const { engine, partitionBy, orderBy, sampleBy, ttl } = tree.root.attributes as Table;
  const columns = tree.parts
    .filter(({ id }) => id.kind === 'column')
    .map(({ id, attributes }) => ({ name: id.path.at(-1) ?? '', column: attributes as Column }))
    .filter(({ column }) => isStored(column))
    .map(({ name, column: { type, value, ttl: ends } }) => ({ name, type, value, ttl: ends }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    path: tree.root.id.path,
    engine: splitEngineText(engine),
    columns,
    partitionBy,
    orderBy: keyParts(orderBy)
      .map((part) => part.replace(/\s+(?:ASC|DESC)$/, ''))
      .filter((part) => part !== ''),
    sampleBy,
    ttl,
  };
}

/** The name, where a key's part is nothing but a column. */
export function bareColumn(expression: string): string | undefined {
  const tokens = tokenize(expression);
  const [first] = tokens;
  if (tokens.length !== 1 || first === undefined) return undefined;
  if (first.kind === 'quoted') return unquote(first.text);
  return first.kind === 'word' ? first.text : undefined;
}

const show = (value: unknown): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);

/** In what two tables differ so that their rows can't be compared, or a partition of one not be put into the other. */
export function structureDifferences(active: ComparedTable, passive: ComparedTable): string[] {
  const differences: string[] = [];
  const names = new Set([...active.columns, ...passive.columns].map(({ name }) => name));
  for (const name of names) {
    const [a, b] = [active, passive].map(({ columns }) => columns.find((one) => one.name === name));
    if (!a || !b) differences.push(`column ${name} is only on the ${a ? 'active' : 'passive'} site`);
    else if (JSON.stringify(a) !== JSON.stringify(b)) {
      differences.push(
        `column ${name} is ${[a.type, a.value].filter(Boolean).join(' ')} and ${[b.type, b.value].filter(Boolean).join(' ')}`,
      );
    }
  }
  const others = {
    engine: (table: ComparedTable) => `${table.engine.name}(${table.engine.parameters.join(', ')})`,
    'partition key': (table: ComparedTable) => table.partitionBy,
    'sorting key': (table: ComparedTable) => table.orderBy.join(', '),
    'sampling key': (table: ComparedTable) => table.sampleBy,
    TTL: (table: ComparedTable) => table.ttl,
  };
  for (const [what, of] of Object.entries(others)) {
    const [a, b] = [of(active), of(passive)];
    if (a !== b) differences.push(`${what} is ${show(a)} and ${show(b)}`);
  }
  return differences;
}
