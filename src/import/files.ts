/** Declarations and where they belong go in; the files that hold them come out, with the lines on which each stands. */
import { type Described, writeDocument } from '../declared/write.ts';
import type { ObjectId } from '../model/object.ts';
import { fileNameOf } from './file-name.ts';

export type Layout = 'database' | 'object';

/** A declaration of a live object. */
export interface Declaration {
  readonly key: string;
  readonly id: ObjectId;
  readonly described: Described;
}

export interface ImportedFile {
  /** Relative to the estate's folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The keys of its declarations, and the line on which each begins. */
  readonly begins: readonly { readonly key: string; readonly line: number }[];
}

/** For what stands beside the databases; no database's file has this name. */
const BESIDE = 'server.objects';

function pathOf({ id }: Declaration, layout: Layout): string {
  const isBeside = id.kind !== 'database' && id.path.length === 1;
  const folder = isBeside ? BESIDE : fileNameOf(id.path[0] ?? '');
  if (layout === 'database' || id.kind === 'database') return `schemas/${folder}.yaml`;
  const name = isBeside ? `${id.kind} ${id.path[0]}` : (id.path[1] ?? '');
  return `schemas/${folder}/${fileNameOf(name)}.yaml`;
}

/** `first` stands at the head of each file, as comments; the declarations keep their order. */
export function filesOf(
  declarations: readonly Declaration[],
  layout: Layout,
  first: (path: string) => readonly string[],
): ImportedFile[] {
  const byPath = new Map<string, Declaration[]>();
  for (const one of declarations) {
    const path = pathOf(one, layout);
    byPath.set(path, [...(byPath.get(path) ?? []), one]);
  }
  return [...byPath].map(([path, inside]) => {
    let text = first(path)
      .map((line) => `${`# ${line}`.trimEnd()}\n`)
      .join('');
    const begins = inside.map(({ key, described }, at) => {
      if (at > 0) text += '---\n';
      const line = text.split('\n').length;
      text += writeDocument(described);
      return { key, line };
    });
    return { path, text, begins };
  });
}

/** The key of the declaration that stands on a line of a file. */
export function keyAt(files: readonly ImportedFile[], path: string, line: number): string | undefined {
  const file = files.find((one) => one.path === path);
  return file?.begins.findLast((one) => one.line <= line)?.key;
}
