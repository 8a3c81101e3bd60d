/** Federations go in; for each a document comes out, by which the members that are read with others behave like the version of those that read. */
import type { Cluster } from '../model/estate.ts';
import { compatibilityOf } from '../model/federation.ts';
import { derive } from './derive.ts';
import type { Entry } from './files.ts';

const PROFILE = 'compatibility';

/** Members that nobody declares are reported elsewhere. */
export function compatibilityEntries(entries: readonly Entry[], clusters: readonly Cluster[]): Entry[] {
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
      const value = {
        name: PROFILE,
        on: others.map(({ name }) => name),
        settings: { compatibility: compatibilityOf(reading.version) },
        to: 'all',
      };
      return [derive(entry, { kind: 'SettingsProfile', value, unlinted: true, origin: () => ['members'] })];
    });
}
