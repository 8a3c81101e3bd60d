/** Steps and the estate that asks for them go in; the steps come out, each with the tenant whose declaration it follows from. */
import type { Estate } from '../model/estate.ts';
import { nameKey } from '../model/object.ts';
import type { Step } from '../model/step.ts';

type Owner = NonNullable<Step['tenant']>;

const owners = new WeakMap<Estate, ReadonlyMap<string, Owner>>();

/** By name key; made once for all nodes. */
function ownersIn(estate: Estate): ReadonlyMap<string, Owner> {
  const known = owners.get(estate);
  if (known) return known;
  const tenants = new Map((estate.tenants ?? []).map(({ name, id }) => [`Tenant ${name}`, { name, id }]));
  const found = new Map(
    estate.objects.flatMap(({ tree, generatedBy = '' }) => {
      const owner = tenants.get(generatedBy);
      return owner ? [[nameKey(tree.root.id), owner] as const] : [];
    }),
  );
  owners.set(estate, found);
  return found;
}

export function withTenants(steps: readonly Step[], estate: Estate): readonly Step[] {
  const byName = ownersIn(estate);
  if (byName.size === 0) return steps;
  return steps.map((step) => {
    const tenant = byName.get(nameKey(step.object));
    return tenant ? { ...step, tenant } : step;
  });
}
