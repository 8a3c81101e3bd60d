/** What a configuration file has no word for goes in; what a reader of the plan is told comes out. */
import type { Finding } from '../model/finding.ts';
import { nameKey, showId } from '../model/object.ts';
import type { Mistake } from './users-file.ts';

export function mistakeFinding({ tree: { root }, reason }: Mistake, node: string): Finding {
  const message = `${showId(root.id)} can't stand in a configuration file: ${reason}`;
  const place = root.place && { place: root.place };
  return { severity: 'error', rule: 'users-xml', message, object: nameKey(root.id), node, ...place };
}
