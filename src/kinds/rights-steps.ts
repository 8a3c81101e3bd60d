/**
 * The rights that a grantee has and is to have go in; the statements between them come out, what takes away before what gives.
 * No statement leaves the grantee with a right that it has neither before the first nor after the last, but where ClickHouse has
 * none for it: GRANT on what lies around an exception grants the exception too, until REVOKE takes it out again.
 */
import {
  type Action,
  acted,
  canonical,
  type Level,
  levelAt,
  type Marks,
  outermostFirst,
  type Rights,
} from './rights.ts';

/** One privilege on one target; those of one statement are granted or revoked together. */
interface Part {
  readonly privilege: string;
  readonly key: string;
}

export interface Statement {
  readonly action: Action;
  readonly parts: readonly Part[];
}

export interface Steps {
  readonly statements: readonly Statement[];
  /** What the grantee has for a moment only, between two statements. */
  readonly excess: readonly Part[];
}

const equal = (a: Marks, b: Marks): boolean => {
  const [x, y] = [canonical(a), canonical(b)];
  return x.size === y.size && [...x].every(([key, level]) => y.get(key) === level);
};

const ROUNDS: readonly (readonly [Action, (now: Level, wanted: Level) => boolean])[] = [
  ['revoke', (now, wanted) => now > 0 && wanted === 0],
  ['revoke option', (now, wanted) => now === 2 && wanted === 1],
  ['grant', (now, wanted) => now === 0 && wanted === 1],
  ['grant with option', (now, wanted) => now < 2 && wanted === 2],
];

/** From one state to the other, for all privileges at once. */
export function stepsBetween(from: Rights, to: Rights): Steps {
  const statements: Statement[] = [];
  const excess = new Map<string, Part>();
  const now = new Map(from);
  const privileges = [...new Set([...from.keys(), ...to.keys()])].sort();
  const NONE: Marks = new Map();
  const at = (rights: Rights, privilege: string): Marks => rights.get(privilege) ?? NONE;
  const keysOf = (privilege: string): string[] =>
    outermostFirst([...at(from, privilege).keys(), ...at(to, privilege).keys()]);

  const noteExcess = (privilege: string): void => {
    for (const key of keysOf(privilege)) {
      const most = Math.max(levelAt(at(from, privilege), key), levelAt(at(to, privilege), key));
      if (levelAt(at(now, privilege), key) > most)
        excess.set(JSON.stringify([privilege, key]), { privilege, key });
    }
  };

  const run = (action: Action, isDue: (now: Level, wanted: Level) => boolean): void => {
    const parts: Part[] = [];
    for (const privilege of privileges) {
      for (const key of keysOf(privilege)) {
        if (!isDue(levelAt(at(now, privilege), key), levelAt(at(to, privilege), key))) continue;
        parts.push({ privilege, key });
        now.set(privilege, acted(at(now, privilege), action, key));
      }
      noteExcess(privilege);
    }
    if (parts.length > 0) statements.push({ action, parts });
  };

  // Each round settles the outermost targets that are not right yet; targets lie at most a handful of levels inside each other.
  while (privileges.some((privilege) => !equal(at(now, privilege), at(to, privilege))))
    for (const [action, isDue] of ROUNDS) run(action, isDue);
  return { statements, excess: [...excess.values()] };
}
