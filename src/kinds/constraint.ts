/** CHECK and ASSUME constraints of a table; a change drops and adds in one ALTER, so no insert slips through unchecked. */
import type { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { cannotAlterParts } from './alterable.ts';
import { clause, RANK } from './drafts.ts';
import type { PartKind } from './kind.ts';

export type Constraint = Readonly<{
  mode: string;
  expression: string;
}>;

export function declareConstraint(value: { check?: string; assume?: string }): Constraint {
  return value.check === undefined
    ? { mode: 'ASSUME', expression: value.assume ?? '' }
    : { mode: 'CHECK', expression: value.check };
}

export function describeConstraint({ mode, expression }: Constraint): Readonly<Record<string, string>> {
  return { [mode.toLowerCase()]: expression };
}

/** Takes `CHECK expression` or `ASSUME expression`, the name already taken. */
export function readConstraint(cursor: Cursor): Constraint {
  const mode = cursor.takes('CHECK') ? 'CHECK' : 'ASSUME';
  if (mode === 'ASSUME') cursor.expect('ASSUME');
  return { mode, expression: cursor.expression() };
}

export function writeConstraint(constraint: Constraint): string {
  return `${constraint.mode} ${constraint.expression}`;
}

export const constraint: PartKind<Constraint> = {
  name: 'constraint',
  inside: 'table',
  attributes: { mode: 'alter', expression: 'alter' },
  create(to, around) {
    const cannot = cannotAlterParts('constraints', around);
    const name = identifier(to.id.path.at(-1) ?? '');
    return [cannot ?? clause(`ADD CONSTRAINT ${name} ${writeConstraint(to.attributes)}`, RANK.addDependent)];
  },
  alter: (to, from, _changed, around) => [...constraint.drop(from, around), ...constraint.create(to, around)],
  drop(from, around) {
    const cannot = cannotAlterParts('constraints', around);
    return [cannot ?? clause(`DROP CONSTRAINT ${identifier(from.id.path.at(-1) ?? '')}`, RANK.dropDependent)];
  },
};
