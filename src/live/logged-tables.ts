/** A path goes in; the names under which `system.query_log` may have it in `tables` come out. */
import { identifier } from '../sql/quote.ts';

/** It quotes each name that is no plain word, or that is one of its own: ``d.`o d.d` ``. */
export function loggedTables([database = '', name = '']: readonly string[]): string[] {
  const spellings = (one: string): string[] => [one, identifier(one)];
  return spellings(database).flatMap((first) => spellings(name).map((second) => `${first}.${second}`));
}
