/** How attributes of access objects are compared: what stands in the configuration files of a server is seen, and changed there only. */
import type { AttributeValue } from '../model/object.ts';
import type { StatementDraft, Verdict } from '../model/step.ts';
import type { Cursor } from '../sql/cursor.ts';
import { hazard, statement } from './drafts.ts';
import type { Around, Rule } from './kind.ts';

const ELSEWHERE: Readonly<Record<string, string>> = {
  users_xml: 'it comes from the configuration files of the server; change it there',
  ldap: 'it comes from a directory (LDAP); change it there',
};

const storageOf = ({ root }: Around['from']): string | undefined => {
  const { storage } = root.attributes;
  return typeof storage === 'string' ? storage : undefined;
};

/** The rule of an attribute that one statement changes, where statements change the object at all. */
export function accessRule<V extends AttributeValue>(
  same?: (live: V, desired: V, around: Around) => boolean,
): Rule<V> {
  return {
    change: (_from, _to, { from, to }) => {
      const storage = storageOf(from);
      const why = storage === storageOf(to) ? undefined : ELSEWHERE[storage ?? ''];
      return why === undefined ? 'alter' : { refuse: why };
    },
    ...(same && { same }),
  };
}

/** Takes `IN users_xml`, by which the text of a live object says where it stands. */
export function readStorage(cursor: Cursor): string | undefined {
  return cursor.takes('IN') ? cursor.name() : undefined;
}

/** Statements that change who may do what, each with the reason why a reader should look twice. */
export function accessStatement(
  texts: string | readonly string[],
  reason: string,
  verdict: Verdict = 'metadata',
): StatementDraft {
  return statement(texts, verdict, [hazard('changes access', reason)]);
}
