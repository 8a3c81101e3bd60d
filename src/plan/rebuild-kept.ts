/** Live tables that nobody declared go in; a finding for each one that a rebuild has kept comes out. */
import type { Finding } from '../model/finding.ts';
import { nameKey, showPath } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import type { Impact } from '../model/step.ts';
import { isKeptName } from './rebuild.ts';

export function isKept({ id }: Root): boolean {
  return id.kind === 'table' && isKeptName(id.path[1] ?? '');
}

/** How much there is, and how to be rid of it. */
export function keptFindings(unmanaged: readonly Root[], impacts: ReadonlyMap<string, Impact>): Finding[] {
  return unmanaged.filter(isKept).map(({ id }) => {
    const impact = impacts.get(nameKey(id));
    const size = impact ? ` with ${impact.rows} rows in ${impact.bytes} bytes` : '';
    return {
      severity: 'warning',
      rule: 'kept-after-rebuild',
      message:
        `${showPath(id.path)} was kept after a rebuild${size}; when nobody needs it any more, drop it: ` +
        `name it under \`prune\` of its database, alone or as a pattern that ends in \`_plumbline_old_*\``,
      object: nameKey(id),
    };
  });
}
