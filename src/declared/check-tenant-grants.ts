/** What a tenant's role and users are granted beside its own declaration goes in; what no policy of the tenant keeps apart comes out. */
import { granteeOf, grantOf, rolesGranted } from '../kinds/grant-form.ts';
import { holds, targetOf } from '../kinds/rights.ts';
import type { RowCover } from '../kinds/row-cover.ts';
import type { DeclaredObject } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { pathKey, showId } from '../model/object.ts';
import type { Tenant } from '../model/tenant.ts';

/** Declared grants by whom they are for. */
export type GrantsByGrantee = ReadonlyMap<string, readonly DeclaredObject[]>;

export function grantsIn(objects: readonly DeclaredObject[]): GrantsByGrantee {
  const found = new Map<string, DeclaredObject[]>();
  for (const object of objects) {
    if (object.tree.root.id.kind !== 'grant') continue;
    const grantee = granteeOf(object.tree);
    found.set(grantee, [...(found.get(grantee) ?? []), object]);
  }
  return found;
}

/** Grants of the tenant's role and users, and of every role that these get. */
function grantsOf({ role, users }: Tenant, grants: GrantsByGrantee): DeclaredObject[] {
  const holders = new Set([role, ...users]);
  const found: DeclaredObject[] = [];
  for (const holder of holders) {
    for (const object of grants.get(holder) ?? []) {
      found.push(object);
      for (const one of rolesGranted(object.tree)) holders.add(one);
    }
  }
  return found;
}

const says = (rights: readonly string[], privilege: string): boolean =>
  rights.some((right) => right === 'ALL' || right === privilege || right.startsWith(`${privilege}(`));

/** Why a grant of these rights on an object shows rows of others; undefined where it does not. */
function problem(
  rights: readonly string[],
  { tree }: DeclaredObject,
  cover: RowCover | undefined,
  isReadable: boolean,
): string | undefined {
  if (tree.root.id.kind === 'dictionary' && cover && says(rights, 'dictGet'))
    return 'dictGet reads past every row policy; grant SELECT';
  if (cover === undefined || !says(rights, 'SELECT') || isReadable) return undefined;
  if ('refused' in cover) return cover.refused;
  if (cover.by === 'reader') return undefined;
  return 'no policy of the tenant is on it; name it among the `tables` of the tenant';
}

/** What the tenant's policies do not cover, at the grants that give it. */
export function checkTenantGrants(
  tenant: Tenant,
  covers: Iterable<{ readonly object: DeclaredObject; readonly cover: RowCover | undefined }>,
  grants: GrantsByGrantee,
): Finding[] {
  const given = grantsOf(tenant, grants);
  if (given.length === 0) return [];
  const readable = new Set(tenant.readable.map(pathKey));
  const all = [...covers];
  return given.flatMap((grant): Finding[] => {
    const { target, rights, to } = grantOf(grant.tree);
    if (target === undefined) return [];
    const kept = Object.keys(rights).filter((right) => rights[right] !== 'revoked');
    return all.flatMap(({ object, cover }): Finding[] => {
      const { id } = object.tree.root;
      const isMeant = [...grant.clusters].some((cluster) => object.clusters.has(cluster));
      if (!isMeant || !holds(targetOf(target), { of: 'path', names: id.path, prefix: false })) return [];
      const why = problem(kept, object, cover, readable.has(pathKey(id.path)));
      if (why === undefined) return [];
      const message = `\`${to}\` gives tenant \`${tenant.name}\` ${showId(id)}: ${why}`;
      const { place } = grant.tree.root;
      return [{ severity: 'error', rule: 'tenant-sees-others', message, ...(place && { place }) }];
    });
  });
}
