/** A live and a desired table go in; the desired one comes out with its Nested columns whole or in pieces, as the live one has them. */
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import { identifier } from '../sql/quote.ts';
import type { Column } from './column-text.ts';
import { elementsOf, type Type, typeOf } from './type-change.ts';

const columnOf = (part: StateObject): Column => part.attributes as Column;
const nameOf = ({ id }: StateObject): string => id.path.at(-1) ?? '';
const isColumn = ({ id }: StateObject): boolean => id.kind === 'column';
const isNested = (part: StateObject): boolean => isColumn(part) && /^Nested\(/.test(columnOf(part).type);

const renamed = (part: StateObject, name: string, old: string | undefined, column: Column): StateObject => {
  const { renamedFrom: _old, ...rest } = part;
  const path = [...part.id.path.slice(0, -1), name];
  const before = old === undefined ? {} : { renamedFrom: [...part.id.path.slice(0, -1), old] };
  return { ...rest, id: { ...part.id, path }, attributes: column, ...before };
};

/** `n Nested(a T)` as `n.a Array(T)`, which is what a server with `flatten_nested = 1` makes of it. */
function pieces(part: StateObject): StateObject[] {
  const column = columnOf(part);
  const old = part.renamedFrom?.at(-1);
  return elementsOf(typeOf(column.type)).map(([name, type]) =>
    renamed(part, `${nameOf(part)}.${name}`, old && `${old}.${name}`, { ...column, type: `Array(${type})` }),
  );
}

const elementOf = (part: StateObject): string | undefined => {
  const { name, parameters } = typeOf(columnOf(part).type);
  return name === 'Array' ? parameters[0] : undefined;
};

const inside = (outer: string, name: string | undefined): string | undefined =>
  name?.startsWith(`${outer}.`) ? name.slice(outer.length + 1) : undefined;

/** `a T`, written as the server wrote it in the live type; nobody but the server knows which names it would quote. */
function element(name: string, type: string, live: Type): string {
  const at = elementsOf(live).findIndex(([known, same]) => known === name && same === type);
  return live.parameters[at] ?? `${/^[a-z_]\w*$/i.test(name) ? name : identifier(name)} ${type}`;
}

/** The pieces put together; undefined where they are not alike in all but their types. */
function whole(name: string, live: StateObject, parts: readonly StateObject[]): StateObject | undefined {
  const [first] = parts;
  const said = (part: StateObject): string => JSON.stringify({ ...columnOf(part), type: '' });
  if (!first || parts.some((part) => said(part) !== said(first))) return undefined;
  const elements = parts.map((part) => {
    const [own, type] = [inside(name, nameOf(part)), elementOf(part)];
    return own !== undefined && type !== undefined ? element(own, type, typeOf(columnOf(live).type)) : '';
  });
  if (elements.includes('')) return undefined;
  const old = name === nameOf(live) ? undefined : nameOf(live);
  return renamed(first, name, old, { ...columnOf(first), type: `Nested(${elements.join(', ')})` });
}

/** All pieces of the live column where the first one stands, under its new name if it gets one, if they can be put together. */
function joined(parts: readonly StateObject[], live: StateObject): readonly StateObject[] {
  const among = (nameIn: (part: StateObject) => string | undefined): StateObject[] =>
    parts.filter((part) => isColumn(part) && inside(nameOf(live), nameIn(part)) !== undefined);
  const [kept, moved] = [among(nameOf), among(({ renamedFrom }) => renamedFrom?.at(-1))];
  const own = kept.length > 0 ? kept : moved;
  const one = own[0] && whole(nameOf(own[0]).split('.')[0] ?? '', live, own);
  return one ? parts.flatMap((part) => (part === own[0] ? [one] : own.includes(part) ? [] : [part])) : parts;
}

export interface AlikeNested {
  readonly desired: Tree;
  /** Both tables in pieces, for a table that is created anew; undefined where nothing had to be brought into line. */
  readonly flat?: { readonly from: Tree; readonly to: Tree };
}

/** Servers differ in `flatten_nested`, which nothing of a table remembers but its columns: both forms mean the same. */
export function alikeNested(live: Tree, desired: Tree): AlikeNested {
  const had = new Set(live.parts.map(({ id }) => keyOf(id)));
  const isLive = (part: StateObject): boolean => had.has(keyOf(part.id));
  const names = new Set(desired.parts.filter(isColumn).map(nameOf));
  const toJoin = live.parts.filter((part) => isNested(part) && !names.has(nameOf(part)));
  const split = (part: StateObject): boolean => isNested(part) && !isLive(part) && pieces(part).some(isLive);
  const parts = toJoin.reduce<readonly StateObject[]>(
    joined,
    desired.parts.flatMap((part) => (split(part) ? pieces(part) : [part])),
  );
  const isSame =
    parts.length === desired.parts.length && parts.every((part, at) => part === desired.parts[at]);
  if (isSame) return { desired };
  const flatten = (tree: Tree): Tree => ({
    ...tree,
    parts: tree.parts.flatMap((part) => (isNested(part) ? pieces(part) : [part])),
  });
  return { desired: { ...desired, parts }, flat: { from: flatten(live), to: flatten(desired) } };
}
