/** Steps and the estate that asks for them go in; the steps come out, each with the tenant whose declaration it follows from. */
import type { Estate } from '../model/estate.ts';
import { nameKey, type ObjectId } from '../model/object.ts';
import type { Place } from '../model/place.ts';
import type { Step } from '../model/step.ts';

interface Owner {
  readonly tenant: NonNullable<Step['tenant']>;
  /** Of what must not be there, which no declaration names otherwise. */
  readonly place?: Place;
}

const owners = new WeakMap<Estate, ReadonlyMap<string, Owner>>();

/** By name key; made once for all nodes. */
function ownersIn(estate: Estate): ReadonlyMap<string, Owner> {
  const known = owners.get(estate);
  if (known) return known;
  const tenants = new Map((estate.tenants ?? []).map(({ name, id }) => [`Tenant ${name}`, { name, id }]));
  const found = new Map<string, Owner>();
  const note = (id: ObjectId, generatedBy = '', place?: Place): void => {
    const tenant = tenants.get(generatedBy);
    if (tenant) found.set(nameKey(id), { tenant, ...(place && { place }) });
  };
  for (const { tree, generatedBy } of estate.objects) note(tree.root.id, generatedBy);
  for (const { id, generatedBy, place } of estate.absent ?? []) note(id, generatedBy, place);
  owners.set(estate, found);
  return found;
}

export function withTenants(steps: readonly Step[], estate: Estate): readonly Step[] {
  const byName = ownersIn(estate);
  if (byName.size === 0) return steps;
  return steps.map((step) => {
    const owner = byName.get(nameKey(step.object));
    return owner
      ? { ...step, tenant: owner.tenant, ...(!step.place && owner.place && { place: owner.place }) }
      : step;
  });
}

/** Name keys of what must not be there on the cluster. */
export function absentOn({ absent = [] }: Estate, cluster: string): ReadonlySet<string> {
  return new Set(absent.filter(({ clusters }) => clusters.has(cluster)).map(({ id }) => nameKey(id)));
}
