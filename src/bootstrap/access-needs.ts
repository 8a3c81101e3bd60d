/** An estate and one of its clusters go in; what an applier needs there to make the declared users, roles, policies and rights comes out. */
import { granteeOf, grantOf, rolesGranted, statementsWithoutGrantee } from '../kinds/grant-form.ts';
import { rowPolicyTarget } from '../kinds/row-policy.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import { identifier, qualified } from '../sql/quote.ts';
import { declaredOn, everythingIn, type Need } from './need.ts';

const manage = (what: string): string => `CREATE ${what}, ALTER ${what}, DROP ${what}`;

/** Whoever grants a right, or takes it away, must have it with grant option. */
function grantable(estate: Estate, cluster: Cluster): string[] {
  return declaredOn(estate, cluster, 'grant').flatMap(({ tree }) =>
    grantOf(tree).target === undefined
      ? []
      : statementsWithoutGrantee(tree).map(
          (text) =>
            `${text.replace(/^GRANT |^REVOKE (GRANT OPTION FOR )?/, '').replace(/ WITH GRANT OPTION$/, '')} WITH GRANT OPTION`,
        ),
  );
}

function policyRights(estate: Estate, cluster: Cluster): string[] {
  return declaredOn(estate, cluster, 'row policy').map(({ tree }) => {
    const { database, table } = rowPolicyTarget(tree);
    return `${manage('ROW POLICY')} ON ${table === undefined ? everythingIn(database) : qualified([database, table])}`;
  });
}

/** Nothing where access objects reach the servers by their files. */
export function accessNeeds(estate: Estate, cluster: Cluster): Need[] {
  if (cluster.access === 'users_xml') return [];
  const has = (kind: string): boolean => declaredOn(estate, cluster, kind).length > 0;
  const rolesAreGiven = declaredOn(estate, cluster, 'grant').some(
    ({ tree }) => rolesGranted(tree).length > 0 && granteeOf(tree) !== '',
  );
  return [
    { why: 'to make users', rights: has('user') ? [`${manage('USER')} ON *.*`] : [] },
    { why: 'to make roles', rights: has('role') ? [`${manage('ROLE')} ON *.*`] : [] },
    { why: 'to give roles to users', rights: rolesAreGiven ? ['ROLE ADMIN ON *.*'] : [] },
    { why: 'to make quotas', rights: has('quota') ? [`${manage('QUOTA')} ON *.*`] : [] },
    {
      why: 'to make settings profiles',
      rights: has('settings profile') ? [`${manage('SETTINGS PROFILE')} ON *.*`] : [],
    },
    { why: 'to make row policies', rights: policyRights(estate, cluster) },
    { why: 'to grant what is declared', rights: grantable(estate, cluster) },
  ];
}

/** For views that run as somebody else. */
export function definerNeeds(estate: Estate, cluster: Cluster): Need {
  const rights = declaredOn(estate, cluster, 'view', 'materialized view').flatMap(({ tree }) => {
    const { definer, sqlSecurity } = tree.root.attributes as { definer?: string; sqlSecurity?: string };
    return [
      ...(definer && definer !== 'CURRENT_USER' ? [`SET DEFINER ON ${identifier(definer)}`] : []),
      ...(sqlSecurity === 'NONE' ? ['ALLOW SQL SECURITY NONE ON *.*'] : []),
    ];
  });
  return { why: 'to make views that read as others than who asks', rights };
}
