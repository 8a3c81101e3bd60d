/** Takes the entries that may be folded away and gives a section for each set of clusters, as far as there is room. */
import { keyOf } from '../model/object.ts';
import { listed, type MergedEntry, type Target } from './comment-merge.ts';
import { foldNames, namesIn } from './comment-names.ts';
import { type Room, takeFrom } from './comment-room.ts';
import { countsText } from './comment-verdict.ts';
import type { TenantEntry } from './fold-tenants.ts';
import { code, prose } from './markdown-escape.ts';
import { counted, formatCount } from './units.ts';
import { visibleName, visibleNode } from './visible.ts';

export interface RestSections {
  readonly text: string;
  readonly leftOut: readonly MergedEntry[];
}

interface Section {
  readonly targets: readonly Target[];
  readonly entries: TenantEntry<MergedEntry>[];
}

const MOST_NAMES = 8;
const MOST_TEXT = 600;
/** For the line that says how much of a section is left out. */
const TAIL = 1000;

const standsFor = (entry: TenantEntry<MergedEntry>): readonly MergedEntry[] => entry.alike?.all ?? [entry];

function sections(entries: readonly TenantEntry<MergedEntry>[]): Section[] {
  const found = new Map<string, Section>();
  for (const entry of entries) {
    const key = JSON.stringify(entry.targets.map(({ cluster }) => cluster.cluster));
    const section = found.get(key) ?? { targets: entry.targets, entries: [] };
    found.set(key, section);
    section.entries.push(entry);
  }
  return [...found.values()];
}

function head({ targets }: Section): string {
  const clusters = targets.map(({ cluster }) => cluster);
  const names = clusters.map(({ cluster }) => code(visibleNode(cluster)));
  const nodes = clusters.flatMap((cluster) => cluster.nodes);
  const versions = nodes.flatMap(({ version }) => version ?? []);
  const facts = [
    counted(nodes.length, 'node'),
    listed([...new Set(clusters.map(({ edition }) => edition))], MOST_NAMES),
    listed([...new Set(versions)], MOST_NAMES),
  ].filter((fact) => fact !== '');
  const title = `### ${names.length === 1 ? 'Cluster' : 'Clusters'} ${listed(names, MOST_NAMES)}`;
  return `${title}\n\n${prose(facts.join(' · '))}`;
}

/** How many of a section are missing, and which, as far as that can be told briefly. */
function missingText(missing: readonly MergedEntry[]): string {
  let room = MOST_TEXT;
  const fit = foldNames(missing.map(({ step }) => step.object.path.map(visibleName))).filter(({ text }) => {
    room -= text.length;
    return room > 0;
  });
  const names = fit
    .map(({ text }) => text)
    .join('')
    .trimEnd();
  const more = new Set(missing.map(({ step }) => keyOf(step.object))).size - namesIn(fit);
  const told = names === '' ? '' : `: ${code(names)}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
  return `Left out here: ${prose(countsText(missing))}${told}.`;
}

/** In the order in which they run; an entry that has no room is left out whole. */
export function restSections(
  entries: readonly TenantEntry<MergedEntry>[],
  room: Room,
  folded: (entry: TenantEntry<MergedEntry>) => string,
): RestSections {
  const leftOut: MergedEntry[] = [];
  const render = takeFrom(room);
  const texts = sections(entries).flatMap((section) => {
    const title = head(section);
    if (room.left() < TAIL || !room.take(title)) {
      leftOut.push(...section.entries.flatMap(standsFor));
      return [];
    }
    room.hold(TAIL);
    const missing: MergedEntry[] = [];
    const pieces = section.entries.flatMap((entry) => {
      const text = render(() => folded(entry));
      if (text !== undefined) return [text];
      missing.push(...standsFor(entry));
      return [];
    });
    leftOut.push(...missing);
    const end = missing.length > 0 ? [missingText(missing)] : [];
    return [title, ...pieces, ...end];
  });
  return { text: texts.join('\n\n'), leftOut };
}
