/** A checked document goes in; what findings need of it beside its object comes out: places of keys, and silenced lint rules. */
import type { Ignore, ObjectDocument } from '../model/estate.ts';
import type { Entry } from './files.ts';
import type { Path } from './marks.ts';

interface Silencing {
  readonly lint?: { readonly ignore?: Readonly<Record<string, string>> };
}

interface SilencingDocument extends Silencing {
  readonly columns?: Readonly<Record<string, string | Silencing>>;
}

export function documentOf(entry: Entry): ObjectDocument {
  const ignoresAt = (path: Path, { lint }: Silencing, column?: string): Ignore[] =>
    Object.entries(lint?.ignore ?? {}).map(([rule, reason]) => ({
      rule,
      reason,
      ...(column !== undefined && { column }),
      place: entry.keyPlace([...path, 'lint', 'ignore', rule]),
    }));
  const value = entry.value as SilencingDocument;
  const columns = Object.entries(value.columns ?? {}).flatMap(([name, column]) =>
    typeof column === 'object' ? ignoresAt(['columns', name], column, name) : [],
  );
  return { keyPlace: (path) => entry.keyPlace(path), ignores: [...ignoresAt([], value), ...columns] };
}
