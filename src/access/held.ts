/** The text of a `users.d` file goes in; the names of what it gives a server come out. */
import { XMLParser } from 'fast-xml-parser';

export interface Held {
  readonly user: ReadonlySet<string>;
  readonly role: ReadonlySet<string>;
  readonly quota: ReadonlySet<string>;
  readonly 'settings profile': ReadonlySet<string>;
}

/** The settings profile that every user has before all others, also users of statements: `default_profile` of the server names it. */
export const STANDARD_PROFILE = 'default';

const SECTIONS = {
  user: 'users',
  role: 'roles',
  quota: 'quotas',
  'settings profile': 'profiles',
} as const;

type Nodes = readonly Readonly<Record<string, unknown>>[];

/** Before every name: fast-xml-parser refuses an element `constructor` and renames `toString`, which ClickHouse takes as they are. */
const MARK = '/';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  // An element without content is transformed twice.
  transformTagName: (name) => (name.startsWith(MARK) ? name : `${MARK}${name}`),
});

/** What stands in the elements of this name. */
function inside(nodes: Nodes, name: string): Nodes {
  return nodes.flatMap((node) => (node[`${MARK}${name}`] ?? []) as Nodes);
}

const sectionsOf = (text: string | undefined): Nodes =>
  inside(text === undefined ? [] : (parser.parse(text) as Nodes), 'clickhouse');

/** The profiles that everybody has by such a file. */
export function heldForAll(text: string | undefined): string[] {
  const standard = inside(inside(sectionsOf(text), SECTIONS['settings profile']), STANDARD_PROFILE);
  return inside(standard, 'profile').flatMap((node) => ('#text' in node ? [String(node['#text'])] : []));
}

/** Only for texts that Plumbline wrote; undefined holds nothing. */
export function heldBy(text: string | undefined): Held {
  const sections = sectionsOf(text);
  const names = (section: string): ReadonlySet<string> =>
    new Set(
      inside(sections, section)
        .flatMap((node) => Object.keys(node))
        .flatMap((name) => (name.startsWith(MARK) ? name.slice(MARK.length) : []))
        // Whatever a file says of it, other files of the server have it too.
        .filter((name) => section !== SECTIONS['settings profile'] || name !== STANDARD_PROFILE),
    );
  const entries = Object.entries(SECTIONS).map(([kind, section]) => [kind, names(section)]);
  return Object.fromEntries(entries) as unknown as Held;
}
