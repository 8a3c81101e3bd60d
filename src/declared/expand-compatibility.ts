/** Federations go in; for each a document comes out, by which the members that are read with others behave like the version of those that read. */
import type { Cluster, DeclaredObject } from '../model/estate.ts';
import { compatibilityOf } from '../model/federation.ts';
import { derive } from './derive.ts';
import type { Entry } from './files.ts';

const PROFILE = 'compatibility';

/** Files of servers reach no users but their own. */
function reached(members: readonly Cluster[], objects: readonly DeclaredObject[]): 'all' | string[] {
  const byFile = members.filter(({ access }) => access === 'users_xml');
  if (byFile.length === 0) return 'all';
  return objects
    .filter(
      ({ tree, clusters }) => tree.root.id.kind === 'user' && members.every(({ name }) => clusters.has(name)),
    )
    .map(({ tree }) => tree.root.id.path[0] ?? '');
}

/** Members that nobody declares are reported elsewhere. */
export function compatibilityEntries(
  entries: readonly Entry[],
  clusters: readonly Cluster[],
  objects: readonly DeclaredObject[],
): Entry[] {
  return entries
    .filter(({ kind }) => kind === 'Federation')
    .flatMap((entry): Entry[] => {
      const {
        members,
        reads,
        compatibility = true,
      } = entry.value as {
        readonly members: readonly string[];
        readonly reads: string;
        readonly compatibility?: boolean;
      };
      const reading = clusters.find(({ name }) => name === reads);
      const others = clusters.filter(({ name }) => name !== reads && members.includes(name));
      if (!compatibility || !reading || others.length === 0) return [];
      const to = reached(others, objects);
      const value = {
        name: PROFILE,
        on: others.map(({ name }) => name),
        settings: { compatibility: compatibilityOf(reading.version) },
        to: to.length === 0 ? 'none' : to,
      };
      return [derive(entry, { kind: 'SettingsProfile', value, unlinted: true, origin: () => ['members'] })];
    });
}
