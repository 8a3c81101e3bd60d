/** An estate and the size limits for all of its databases go in; the estate comes out, where a database's own limits come first. */
import type { Estate, SizeLimits } from '../model/estate.ts';
import { isInDatabase } from '../model/object.ts';

export function withDefaultLimits(estate: Estate, defaults: SizeLimits): Estate {
  const used = estate.objects.map(({ tree }) => tree.root.id).filter(isInDatabase);
  const names = new Set([...(estate.limits?.keys() ?? []), ...used.map(({ path: [name = ''] }) => name)]);
  const limits = new Map([...names].map((name) => [name, { ...defaults, ...estate.limits?.get(name) }]));
  return { ...estate, limits };
}
