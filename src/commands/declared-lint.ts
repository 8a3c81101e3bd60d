/** An estate and its folder go in; what lint finds in it comes out, with what `plumbline.yaml` silences left out. */
import { readSettings } from '../declared/settings-file.ts';
import { lintEstate, UNUSED_IGNORE } from '../lint/lint.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';

/** Throws a DeclarationError for mistakes in `plumbline.yaml`. */
export function lintDeclared(estate: Estate, folder: string): Finding[] {
  const { ignores, isOwn } = readSettings(folder);
  const findings = lintEstate(estate, ignores);
  if (isOwn) return findings;
  // A file that stands above the estate may silence for other estates.
  const own = new Set(ignores.map(({ place }) => place));
  return findings.filter(({ rule, place }) => rule !== UNUSED_IGNORE || !place || !own.has(place));
}
