/** An estate goes in; warnings about patterns of pairs that no declared table fits come out: a typing mistake compares nothing. */
import { type DrPair, fitsTable } from '../model/dr-pair.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nearest } from '../model/nearest.ts';
import { showPath } from '../model/object.ts';

function unmatched(pair: DrPair, tables: readonly (readonly string[])[]): Finding[] {
  return pair.tables
    .filter((pattern) => !tables.some((path) => fitsTable(pattern, path)))
    .map((pattern) => {
      const near = nearest(pattern, tables.map(showPath));
      const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
      const message = `pair \`${pair.name}\`: no declared table of its sites fits \`${pattern}\`${hint}`;
      return {
        severity: 'warning',
        rule: 'unmatched-pattern',
        message,
        ...(pair.place && { place: pair.place }),
      };
    });
}

/** Pairs that create tables may well mean some that nobody declares. */
export function unmatchedPatterns({ pairs, objects }: Estate): Finding[] {
  return pairs
    .filter(({ autoCreate }) => !autoCreate)
    .flatMap((pair) => {
      const sites = pair.sites.map(({ cluster }) => cluster);
      const here = objects.filter(({ clusters }) => sites.some((cluster) => clusters.has(cluster)));
      const tables = here
        .filter(({ tree }) => tree.root.id.kind === 'table')
        .map(({ tree }) => tree.root.id.path);
      return unmatched(pair, tables);
    });
}
