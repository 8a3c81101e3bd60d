/** A federation goes in; warnings about covered views that nobody can read across its members come out. */
import type { Federation } from '../model/federation.ts';
import type { Finding } from '../model/finding.ts';
import { pathKey, showPath } from '../model/object.ts';

/** `node` is the one on whose plan they are shown. */
export function unfederatedViews({ name, unfederated }: Federation, node?: string): Finding[] {
  return unfederated.map(({ path, federated, why, place }): Finding => {
    const message = `view \`${showPath(path)}\` can't be read across federation \`${name}\`: ${why}. Declare \`${showPath(federated)}\` by hand, or put \`${showPath(path)}\` under \`except\``;
    const about = { object: pathKey(path), ...(node !== undefined && { node }), ...(place && { place }) };
    return { severity: 'warning', rule: 'federation-view', message, ...about };
  });
}
