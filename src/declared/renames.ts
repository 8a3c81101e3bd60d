/** Declared objects go in; the mistakes in what they say they were called before come out: each name is given up once, for good. */
import type { DeclaredObject } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, type ObjectId, type StateObject, showId } from '../model/object.ts';
import { showPlace } from '../model/place.ts';

function mistake({ place }: StateObject, rule: string, message: string): Finding {
  return { severity: 'error', rule, message, ...(place && { place }) };
}

/** Among objects whose names exclude each other: those on one node, or the columns of one table. */
function mistakesAmong(objects: readonly StateObject[], key: (id: ObjectId) => string): Finding[] {
  const declared = new Map(objects.map((object) => [key(object.id), object]));
  const takers = new Map<string, StateObject>();
  return objects.flatMap((object): Finding[] => {
    if (!object.renamedFrom) return [];
    const old = { ...object.id, path: object.renamedFrom };
    const [still, other] = [declared.get(key(old)), takers.get(key(old))];
    takers.set(key(old), other ?? object);
    const at = ({ place }: StateObject): string => (place ? ` at ${showPlace(place)}` : '');
    if (still === object)
      return [mistake(object, 'renamed-from-itself', `${showId(old)} is renamed from its own name`)];
    if (still) {
      const why = 'nobody could tell later whether it was renamed; to swap two names, rename in two applies';
      const message = `${showId(old)} is still declared${at(still)}, so ${showId(object.id)} can't be renamed from it: ${why}`;
      return [mistake(object, 'renamed-from-declared', message)];
    }
    if (!other) return [];
    return [
      mistake(
        object,
        'renamed-twice',
        `${showId(other.id)}${at(other)} is already renamed from ${showId(old)}`,
      ),
    ];
  });
}

/** On clusters that both stand on: the same name elsewhere is another object. */
export function renameMistakes(objects: readonly DeclaredObject[]): Finding[] {
  const columns = objects.flatMap(({ tree }) =>
    mistakesAmong(
      tree.parts.filter(({ id }) => id.kind === 'column'),
      nameKey,
    ),
  );
  const clusters = new Set(objects.flatMap((object) => [...object.clusters]));
  const roots = [...clusters].flatMap((cluster) => {
    const here = objects.filter((object) => object.clusters.has(cluster));
    return mistakesAmong(
      here.map(({ tree }) => tree.root),
      nameKey,
    );
  });
  const seen = new Set<string>();
  return [...columns, ...roots].filter((finding) => {
    const text = JSON.stringify(finding);
    return !seen.has(text) && seen.add(text);
  });
}
