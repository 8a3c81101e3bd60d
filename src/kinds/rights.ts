/** The rights of one grantee as a server keeps them, and what GRANT and REVOKE make of them. */

/** `*.*` has no names; `d.*`, `d.t` and `d.t(c)` have up to three; a user or an engine has one. */
export interface Target {
  readonly of: 'path' | 'object';
  readonly names: readonly string[];
  /** Whether the last name is only the beginning of names. */
  readonly prefix: boolean;
}

/** 0: nothing, 1: granted, 2: granted with grant option. */
export type Level = 0 | 1 | 2;

/** By target: the level from there inwards, up to the next target that says otherwise. */
export type Marks = ReadonlyMap<string, Level>;

/** By privilege, which are told apart to the last: groups of them have no rights. */
export type Rights = ReadonlyMap<string, Marks>;

export const EVERYTHING: Target = { of: 'path', names: [], prefix: false };

export function targetKey({ of, names, prefix }: Target): string {
  return names.length === 0 ? '[]' : JSON.stringify([of, prefix, ...names]);
}

const targets = new Map<string, Target>([['[]', EVERYTHING]]);

export function targetOf(key: string): Target {
  const known = targets.get(key);
  if (known) return known;
  const [of, prefix, ...names] = JSON.parse(key) as ['path' | 'object', boolean, ...string[]];
  const target: Target = { of, names, prefix };
  targets.set(key, target);
  return target;
}

/** Whether all that is in `inner` is in `outer` too; every target holds itself. */
export function holds(outer: Target, inner: Target): boolean {
  const { names, prefix } = outer;
  if (names.length === 0) return true;
  if (outer.of !== inner.of || inner.names.length < names.length) return false;
  const last = names.length - 1;
  return names.every((name, at) => {
    const other = inner.names[at] ?? '';
    if (at < last) return name === other;
    if (prefix) return other.startsWith(name);
    return name === other && !(inner.prefix && inner.names.length === names.length);
  });
}

/** How far inside a target is: what holds it comes before it. */
function depth({ names, prefix }: Target): number {
  const last = names.at(-1)?.length ?? 0;
  return names.length * 100_000 + (prefix ? last : 50_000);
}

/** The targets of some marks, what is outside before what is inside. */
export function outermostFirst(keys: Iterable<string>): string[] {
  return [...new Set(keys)].sort((a, b) => depth(targetOf(a)) - depth(targetOf(b)) || (a < b ? -1 : 1));
}

/** The level at a target: that of the nearest mark around it, which may be its own. */
export function levelAt(marks: Marks, key: string, own = true): Level {
  const target = targetOf(key);
  let found: Level = 0;
  let nearest = -1;
  for (const [other, level] of marks) {
    if (!own && other === key) continue;
    const around = targetOf(other);
    if (depth(around) > nearest && holds(around, target)) [found, nearest] = [level, depth(around)];
  }
  return found;
}

/** Without the marks that repeat the one around them; those that nothing is around are told by `isSaid`. */
function withoutRepeated(marks: Marks, isSaid: (level: Level) => boolean): Marks {
  const kept = new Map<string, Level>();
  for (const key of outermostFirst(marks.keys())) {
    const level = marks.get(key) ?? 0;
    const isInside = [...kept.keys()].some((other) => holds(targetOf(other), targetOf(key)));
    if (isInside ? levelAt(kept, key) !== level : isSaid(level)) kept.set(key, level);
  }
  return kept;
}

/** Without the marks that say what holds there anyway: the form in which servers list them. */
export function canonical(marks: Marks): Marks {
  return withoutRepeated(marks, (level) => level > 0);
}

/** The same of marks that may stand inside others: what they take away is said, too. */
export function canonicalInside(marks: Marks): Marks {
  return withoutRepeated(marks, () => true);
}

export type Action = 'grant' | 'grant with option' | 'revoke' | 'revoke option';

const RESULT: Readonly<Record<Action, (level: Level) => Level>> = {
  grant: (level) => (level === 2 ? 2 : 1),
  'grant with option': () => 2,
  revoke: () => 0,
  'revoke option': (level) => (level === 0 ? 0 : 1),
};

/** What a statement makes of the marks: it goes for all that is inside its target, whatever was said of that before. */
export function acted(marks: Marks, action: Action, key: string): Marks {
  const target = targetOf(key);
  const result = RESULT[action];
  const after = new Map(marks);
  after.set(key, result(levelAt(marks, key)));
  for (const [other, level] of marks)
    if (other !== key && holds(target, targetOf(other))) after.set(other, result(level));
  return canonical(after);
}
