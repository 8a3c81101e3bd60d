/** A live table and new names for some of its columns go in; the table as ClickHouse would call them then comes out. */
import { keyOf, type StateObject, type Tree } from '../model/object.ts';
import { identifier, unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';
import { expressionsOf, mentions } from './mentions.ts';

const nameIn = ({ kind, text }: Token): string | undefined =>
  kind === 'quoted' ? unquote(text) : kind === 'word' ? text : undefined;

/** How a server spells the name among these texts: it quotes names only where it must. */
function spelling(name: string, texts: readonly string[]): string {
  for (const text of texts) {
    if (!text.includes(name)) continue;
    const token = tokenize(text).find((found) => nameIn(found) === name);
    if (token) return token.text;
  }
  return identifier(name);
}

/** The text with the column called otherwise; what stands before a `(` is a function, what stands behind a `.` an element. */
function renameIn(text: string, old: string, fresh: string): string {
  if (!mentions(text, old)) return text;
  const tokens = tokenize(text);
  const path = old.split('.');
  let renamed = '';
  let end = 0;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    const written = path.map((_part, step) => tokens[at + 2 * step]);
    const isPath = written.every((part, step) => part !== undefined && nameIn(part) === path[step]);
    const isWhole = nameIn(token) === old;
    const last = isWhole ? at : at + 2 * (path.length - 1);
    const isColumn = tokens[last + 1]?.text !== '(' && tokens[at - 1]?.text !== '.';
    if (!(isWhole || isPath) || !isColumn) continue;
    renamed += text.slice(end, token.start) + fresh;
    end = tokens[last]?.end ?? end;
    at = last;
  }
  return renamed + text.slice(end);
}

const standsIn = (part: StateObject, name: string): boolean =>
  [...expressionsOf(part).values()].some((text) =>
    name === '*' ? tokenize(text).some((token) => token.text === '*') : mentions(text, name),
  );

const textsOf = ({ root, parts }: Tree): string[] =>
  [root, ...parts].flatMap((object) => [...expressionsOf(object).values()]);

/** `names`: old name → new name. `like` is the desired table, whose spelling of the new names is followed. */
function withRenamedColumns(live: Tree, names: ReadonlyMap<string, string>, like: Tree): Tree {
  const texts = textsOf(like);
  const spelled = [...names].map(([old, fresh]) => [old, spelling(fresh, texts)] as const);
  const renameAll = (written: string): string =>
    spelled.reduce((text, [old, fresh]) => renameIn(text, old, fresh), written);
  const renamed = (object: StateObject): StateObject => {
    const changed = [...expressionsOf(object)].map(([name, text]) => [name, renameAll(text)]);
    const attributes = { ...object.attributes, ...Object.fromEntries(changed) };
    const fresh = object.id.kind === 'column' ? names.get(object.id.path.at(-1) ?? '') : undefined;
    if (fresh === undefined) return { ...object, attributes };
    const id = { ...object.id, path: [...object.id.path.slice(0, -1), fresh] };
    return { ...object, id, attributes, renamedFrom: object.id.path };
  };
  return { root: renamed(live.root), parts: live.parts.map(renamed) };
}

export interface Renamed {
  /** The live table as it is after the renames. */
  readonly live: Tree;
  /** Projections over renamed columns, which ClickHouse does not rename: they go before, and are no longer in `live`. */
  readonly obstacles: readonly StateObject[];
  /** Columns that are live under both names, so that nobody knows what is meant. */
  readonly ambiguous: readonly StateObject[];
}

/** Whether the old name is an alias of the new one, which a rebuild leaves behind until nothing reads it. */
function isAlias(live: Tree, { id, renamedFrom }: StateObject): boolean {
  const old = live.parts.find((part) => keyOf(part.id) === keyOf({ ...id, path: renamedFrom ?? [] }));
  const [word, name, ...rest] = tokenize(String(old?.attributes.value ?? ''));
  return word?.text === 'ALIAS' && name !== undefined && rest.length === 0 && nameIn(name) === id.path.at(-1);
}

/** What the desired table asks to be renamed. A new name that is live already asks for nothing any more. */
export function renamedColumns(live: Tree, desired: Tree): Renamed {
  const had = new Set(live.parts.map(({ id }) => keyOf(id)));
  const isLive = (part: StateObject, path: readonly string[]): boolean =>
    had.has(keyOf({ ...part.id, path }));
  const asked = desired.parts.filter((part) => part.renamedFrom && isLive(part, part.renamedFrom));
  const ambiguous = asked.filter((part) => isLive(part, part.id.path) && !isAlias(live, part));
  const renamed = asked.filter((part) => !isLive(part, part.id.path));
  const names = new Map(
    renamed.map(({ id, renamedFrom }) => [renamedFrom?.at(-1) ?? '', id.path.at(-1) ?? '']),
  );
  if (names.size === 0) return { live, obstacles: [], ambiguous };
  const obstacles = live.parts.filter(
    (part) => part.id.kind === 'projection' && [...names.keys(), '*'].some((name) => standsIn(part, name)),
  );
  const rest = { ...live, parts: live.parts.filter((part) => !obstacles.includes(part)) };
  return { live: withRenamedColumns(rest, names, desired), obstacles, ambiguous };
}
