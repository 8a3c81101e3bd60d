/** The estate's folder goes in; its declaration files in order of path, and what was refused on the way, come out. */

import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Finding } from '../model/finding.ts';
import { FILES } from './limits.ts';

/** The folders of an estate, and whether a declaration must stand in them. */
export const FOLDERS = { clusters: true, tenants: false, schemas: true } as const;
export type Folder = keyof typeof FOLDERS;

export interface DeclarationFile {
  /** Path relative to the estate's folder, with forward slashes. */
  readonly file: string;
  /** The path to open: absolute, without symbolic links, inside the estate. */
  readonly path: string;
  readonly folder: Folder;
}

export interface Listing {
  readonly files: readonly DeclarationFile[];
  readonly findings: readonly Finding[];
  /** The folders that are there. */
  readonly folders: ReadonlySet<Folder>;
}

const LEAVES = 'is a symbolic link that leaves the estate; put the file itself here';

/** Lists `*.yaml` and `*.yml` of the estate's folders, recursively; never throws for what it finds on disk. */
export function listFiles(estate: string): Listing {
  const files: DeclarationFile[] = [];
  const findings: Finding[] = [];
  const folders = new Set<Folder>();
  const seen = new Set<string>();
  let looked = 0;

  function refuse(file: string, rule: string, message: string): void {
    const place = { file: printable(file), line: 1, column: 1 };
    findings.push({ severity: 'error', rule, message: `\`${place.file}\` ${message}`, place });
  }

  function enter(root: string, folder: Folder, relative: string): void {
    try {
      for (const name of readdirSync(join(root, relative)).sort()) visit(root, folder, `${relative}/${name}`);
    } catch (error) {
      refuse(relative, 'unreadable', `cannot be read (${errorCode(error)})`);
    }
  }

  function visit(root: string, folder: Folder, relative: string): void {
    looked++;
    if (looked === FILES) refuse(folder, 'too-many-files', `leads past ${FILES} files; the rest is not read`);
    if (looked >= FILES) return;
    const isDeclaration = /\.ya?ml$/.test(relative);
    const found = resolve(root, relative);
    if (typeof found === 'string') {
      if (isDeclaration || found === LEAVES) refuse(relative, 'refused-file', found);
    } else if (found.stats.isDirectory()) {
      visitFolder(root, folder, relative, found.path);
    } else if (isDeclaration) {
      const reason = reasonToRefuse(relative, found.stats);
      if (reason === undefined) files.push({ file: relative, path: found.path, folder });
      else refuse(relative, 'refused-file', reason);
    }
  }

  function visitFolder(root: string, folder: Folder, relative: string, path: string): void {
    if (seen.has(path)) {
      refuse(relative, 'refused-file', 'is a folder that is read already; remove the symbolic link');
      return;
    }
    seen.add(path);
    if (relative === folder) folders.add(folder);
    enter(root, folder, relative);
  }

  let root: string;
  try {
    root = realpathSync(estate);
  } catch (error) {
    const message = `the estate's folder \`${printable(estate)}\` cannot be read (${errorCode(error)})`;
    findings.push({ severity: 'error', rule: 'unreadable', message });
    return { files, findings, folders };
  }
  for (const folder of Object.keys(FOLDERS) as Folder[]) visit(root, folder, folder);
  files.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, findings, folders };
}

/** The real path and kind of a file, or why it is refused. */
function resolve(root: string, relative: string): { path: string; stats: Stats } | string {
  const path = join(root, relative);
  try {
    const stats = lstatSync(path);
    if (!stats.isSymbolicLink()) return { path, stats };
    const target = realpathSync(path);
    if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      return LEAVES;
    }
    return { path: target, stats: statSync(target) };
  } catch (error) {
    return `cannot be read (${errorCode(error)})`;
  }
}

function reasonToRefuse(relative: string, stats: Stats): string | undefined {
  if (!stats.isFile()) return 'is not a regular file';
  return printable(relative) === relative ? undefined : 'has control characters in its name';
}

/** Control characters in a path could forge lines of a report. */
function printable(path: string): string {
  return path.replace(/[\p{Control}\u2028\u2029]/gu, '�');
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
