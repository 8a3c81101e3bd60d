/** Federations and declared tables go in; documents come out by which those who write may do so on the cluster that takes writes, and nowhere else. */
import type { DeclaredObject } from '../model/estate.ts';
import { derive } from './derive.ts';
import { federationOf } from './expand-federations.ts';
import { coveredBy } from './federated-tables.ts';
import type { Entry } from './files.ts';

/** For each writer and table two grants: the right to INSERT where writes go, and no right on the other members. */
export function writerEntries(entries: readonly Entry[], objects: readonly DeclaredObject[]): Entry[] {
  return entries
    .filter(({ kind }) => kind === 'Federation')
    .flatMap((entry) => {
      const federation = federationOf(entry);
      const { writers = [], members, writes } = federation;
      const others = members.filter((member) => member !== writes);
      const grant = (to: string, path: readonly string[], privileges: string[], on: readonly string[]) => {
        const [database, name] = path;
        const value = { to, target: { database, name }, privileges, on };
        return derive(entry, { kind: 'Grant', value, unlinted: true, origin: () => ['writers'] });
      };
      return coveredBy(federation, objects).flatMap(({ root: { id } }) =>
        writers.flatMap((to) => [grant(to, id.path, ['INSERT'], [writes]), grant(to, id.path, [], others)]),
      );
    });
}
