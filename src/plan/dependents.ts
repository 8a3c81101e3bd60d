/** An object that goes or gets another name, and those that stay, go in; what becomes of whoever speaks of it comes out. */
import { hazard } from '../kinds/drafts.ts';
import { nameKey, showId } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import type { Hazard, RefusalDraft } from '../model/step.ts';
import { ParseError } from '../sql/cursor.ts';
import { qualified, unquote } from '../sql/quote.ts';
import { TokenError, tokenize } from '../sql/tokens.ts';
import { needs } from './order.ts';

export interface Consequences {
  readonly hazards: readonly Hazard[];
  readonly refusals: readonly RefusalDraft[];
}

const engineIn = ({ id, statement }: Root): string | undefined =>
  id.kind === 'table' ? /\bENGINE = (\w+)/.exec(statement)?.[1] : undefined;

/** `Merge('shop', '^orders')` names tables by a pattern. */
function mergesIt(reader: Root, { id: { path } }: Root): boolean {
  if (engineIn(reader) !== 'Merge') return false;
  const texts = tokenize(reader.statement.slice(reader.statement.indexOf('ENGINE = Merge'))).flatMap(
    (token) => (token.kind === 'string' ? [unquote(token.text)] : []),
  );
  const [database = '', pattern = ''] = texts;
  try {
    return database === path[0] && new RegExp(pattern).test(path[1] ?? '');
  } catch {
    return false;
  }
}

/** Those among `others` that speak of the object. */
export function dependents(object: Root, others: readonly Root[]): Root[] {
  const [, name] = object.id.path;
  if (name === undefined) return [];
  const suspects = others.filter(({ id, statement }) => id.path.length > 1 && statement.includes(name));
  const needed = needs([object, ...suspects.filter((other) => other !== object)]);
  const named = suspects.filter((other) => {
    const { sure, likely } = needed.get(other) ?? {};
    return sure?.has(object) || likely?.has(object);
  });
  const readers = new Set([...named, ...others.filter((other) => mergesIt(other, object))]);
  return [...readers].sort((a, b) => (nameKey(a.id) < nameKey(b.id) ? -1 : 1));
}

/** Whether a server keeps others from dropping or renaming what this is made of. https://clickhouse.com/docs/operations/settings/settings#check_table_dependencies */
export function isHeldBy(reader: Root): boolean {
  return (
    reader.id.kind === 'dictionary' ||
    engineIn(reader) === 'Dictionary' ||
    /\b(dict(Get|Has|Is)|joinGet)\w*\(/.test(reader.statement)
  );
}

function writesTo(view: Root, { id }: Root): boolean {
  try {
    return view.id.kind === 'materialized view' && view.tree().root.attributes.target === qualified(id.path);
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return false;
    throw error;
  }
}

function consequence(object: Root, reader: Root, renames: boolean): Hazard | RefusalDraft {
  const who = showId(reader.id);
  if (isHeldBy(reader)) {
    return { refuse: `${who} is made of ${showId(object.id)}: change or drop that first, and apply` };
  }
  if (engineIn(reader) === 'Buffer') {
    const reason = `${who} holds rows for ${showId(object.id)} and would discard them`;
    return renames
      ? { refuse: `${reason}: declare what it shall write to` }
      : hazard('misses inserts', reason);
  }
  if (writesTo(reader, object)) {
    return hazard(
      'blocks writes',
      `${who} writes to ${showId(object.id)}, so that inserts into what it reads fail`,
    );
  }
  if (reader.id.kind === 'materialized view') {
    return hazard('misses inserts', `${who} reads ${showId(object.id)}, and gets no rows any more`);
  }
  const then = engineIn(reader) === 'Merge' ? 'no longer does' : 'fails from then on';
  return hazard('changes results', `${who} reads ${showId(object.id)}, and ${then}`);
}

/** What an object that goes, or is renamed, does to the readers that stay as they are. */
export function consequences(object: Root, readers: readonly Root[], renames: boolean): Consequences {
  const all = dependents(object, readers).map((reader) => consequence(object, reader, renames));
  return {
    hazards: all.filter((one): one is Hazard => 'kind' in one),
    refusals: all.filter((one): one is RefusalDraft => 'refuse' in one),
  };
}

/** What happens between a rename and the change of whoever still speaks of the old name. */
export function meanwhile(object: Root, readers: readonly Root[]): Hazard[] {
  return dependents(object, readers).flatMap((reader) => {
    const who = showId(reader.id);
    if (writesTo(reader, object)) {
      return [
        hazard('blocks writes', `inserts into what ${who} reads fail until that is changed, in a later step`),
      ];
    }
    if (reader.id.kind !== 'materialized view') return [];
    const reason = `rows inserted under the new name before ${who} is changed, in a later step, do not pass through it`;
    return [hazard('misses inserts', reason)];
  });
}
