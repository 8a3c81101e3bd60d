/** Files as they are and as they should be go in; a unified diff that `git apply` takes comes out. */
import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';

export interface FileChange {
  /** Relative to the top of the repository, with forward slashes. */
  readonly path: string;
  readonly before: string;
  /** Empty where nothing is left of the file. */
  readonly after: string;
}

/** Empty where nothing changes. */
export function filePatch(changes: readonly FileChange[]): string {
  return changes
    .filter(({ before, after }) => before !== after)
    .map(({ path, before, after }) => {
      const to = after === '' ? '/dev/null' : `b/${path}`;
      return formatPatch(structuredPatch(`a/${path}`, to, before, after), FILE_HEADERS_ONLY);
    })
    .join('');
}
