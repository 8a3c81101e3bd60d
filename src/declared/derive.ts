/** A declaration and what follows from it go in; the document that its author need not write comes out, with places in what he wrote. */
import type { Entry } from './files.ts';
import type { Path } from './marks.ts';

export interface Derived {
  /** What `kind:` would say. */
  readonly kind: string;
  /** What else the document would say, as YAML gives it. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Names of columns and such in order, for mappings whose keys the author did not write, by their key in the document. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** Whether nothing in it is the author's. */
  readonly unlinted?: true;
  /** Where in the author's document something of the derived one has its origin. */
  origin(path: Path): Path;
}

export function derive(entry: Entry, { kind, value, keys = {}, unlinted, origin }: Derived): Entry {
  return {
    kind,
    value: { kind, ...value },
    file: entry.file,
    place: (path = []) => entry.place(origin(path)),
    keyPlace: (path) => entry.keyPlace(origin(path)),
    keys(path = []) {
      const [key] = path;
      if (key !== undefined && !(key in value)) return [];
      return keys[path.join('.')] ?? entry.keys(origin(path));
    },
    generatedBy: entry.generatedBy ?? [entry.kind, ...nameOf(entry.value)].join(' '),
    ...(unlinted && { unlinted }),
  };
}

function nameOf(value: unknown): string[] {
  const { database, name } = value as { readonly database?: string; readonly name: string };
  return [database === undefined ? name : `${database}.${name}`];
}
