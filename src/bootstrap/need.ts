/** What a user of Plumbline's own must be allowed to do, and why: the form in which the needs of planners and appliers are written down. */
import type { Cluster, DeclaredObject, Estate } from '../model/estate.ts';
import { qualified } from '../sql/quote.ts';

export interface Need {
  /** `to …`, for the people who grant it. */
  readonly why: string;
  /** What stands behind GRANT, without the grantee: `SELECT ON system.tables`, with ` WITH GRANT OPTION` at the end where that is part of it. */
  readonly rights: readonly string[];
}

/** Without needs of which nothing is left, and without what an earlier need has said. */
export function tidy(needs: readonly Need[]): Need[] {
  const said = new Set<string>();
  return needs.flatMap(({ why, rights }) => {
    const fresh = rights.filter((right) => !said.has(right) && said.add(right));
    return fresh.length > 0 ? [{ why, rights: fresh }] : [];
  });
}

/** What is declared for a cluster, of some kinds. */
export function declaredOn({ objects }: Estate, { name }: Cluster, ...kinds: string[]): DeclaredObject[] {
  return objects.filter(({ tree, clusters }) => clusters.has(name) && kinds.includes(tree.root.id.kind));
}

/** The names of the databases that are declared for a cluster. */
export function databasesOn(estate: Estate, cluster: Cluster): string[] {
  return declaredOn(estate, cluster, 'database').flatMap(({ tree }) => tree.root.id.path);
}

/** `db.*`. */
export const everythingIn = (database: string): string => `${qualified([database])}.*`;

/** The same privileges on each of these. */
export function on(privileges: readonly string[], targets: readonly string[]): string[] {
  return privileges.length === 0 ? [] : targets.map((target) => `${privileges.join(', ')} ON ${target}`);
}
