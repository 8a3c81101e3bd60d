/** Row policies as declared go in; those that a configuration file can say come out: one for each user and table. */
import { type RowPolicy, rowPolicyId, rowPolicyTarget } from '../kinds/row-policy.ts';
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { type Holder, reached, unreachable } from './holders.ts';
import type { Configured, Mistake } from './users-file.ts';

const policyOf = ({ root }: Tree): RowPolicy => root.attributes as RowPolicy;

const isRestrictive = (tree: Tree): boolean => policyOf(tree).as === 'RESTRICTIVE';

function joined(trees: readonly Tree[], word: 'AND' | 'OR'): string {
  const [only = '', ...more] = trees.map((tree) => policyOf(tree).filter);
  return more.length === 0 ? only : [only, ...more].map((filter) => `(${filter})`).join(` ${word} `);
}

/** One of the permissive policies holds, and all of the restrictive ones. */
function filterOf(applying: readonly Tree[]): string {
  const permissive = applying.filter((tree) => !isRestrictive(tree));
  const restrictive = applying.filter(isRestrictive);
  if (restrictive.length === 0) return joined(permissive, 'OR');
  return `(${joined(permissive, 'OR')}) AND (${joined(restrictive, 'AND')})`;
}

/** The policy of one user; it is called like the user. */
function filterFor(user: string, first: Tree, applying: readonly Tree[]): Tree {
  const { database, table } = rowPolicyTarget(first);
  const attributes: RowPolicy = {
    policy: identifier(user),
    on: policyOf(first).on,
    filter: filterOf(applying),
    as: 'PERMISSIVE',
    to: identifier(user),
    storage: 'users_xml',
  };
  const { place } = first.root;
  const id = rowPolicyId(user, database, table);
  return { root: { id, attributes, ...(place && { place }) }, parts: [] };
}

/** The user that a policy of a configuration file is for. */
export function policyUser(tree: Tree): string {
  return new Cursor(policyOf(tree).policy).name();
}

/** The policies of one table by the users that they reach. */
function byUser(policies: readonly Tree[], holders: readonly Holder[]): Map<string, Tree[]> {
  const found = new Map<string, Tree[]>();
  for (const tree of policies) {
    for (const { user } of reached(policyOf(tree).to, holders)) {
      const others = found.get(user);
      if (others) others.push(tree);
      else found.set(user, [tree]);
    }
  }
  return found;
}

/** By database: whether a policy filters all of its tables. */
function wholeDatabases(policies: readonly Tree[]): ReadonlySet<string> {
  const targets = policies.map(rowPolicyTarget);
  return new Set(targets.flatMap(({ database, table }) => (table === undefined ? [database] : [])));
}

const BESIDE_WHOLE =
  'restrictive policies do not hold beside those of the whole database in a configuration file';

export function userFilters(
  policies: readonly Tree[],
  holders: readonly Holder[],
  known: ReadonlySet<string>,
): Configured {
  const whole = wholeDatabases(policies);
  const mistakes = policies.flatMap((tree): Mistake[] => {
    const isBeside = isRestrictive(tree) && whole.has(rowPolicyTarget(tree).database);
    const reason = isBeside ? BESIDE_WHOLE : unreachable(policyOf(tree).to, known);
    return reason === undefined ? [] : [{ tree, reason }];
  });
  const byTable = new Map<string, Tree[]>();
  for (const tree of policies)
    byTable.set(policyOf(tree).on, [...(byTable.get(policyOf(tree).on) ?? []), tree]);
  const trees: Tree[] = [];
  for (const group of byTable.values()) {
    for (const [user, applying] of byUser(group, holders)) {
      const [first] = applying;
      if (!first) continue;
      // What a user sees to whom only restrictive policies apply depends on a setting of the server.
      if (applying.every(isRestrictive)) {
        const reason = `only restrictive policies apply to \`${user}\`, which a configuration file has no word for; add a permissive one`;
        mistakes.push({ tree: first, reason });
      } else trees.push(filterFor(user, first, applying));
    }
  }
  return { trees, mistakes };
}
