/** `plumbline import`: writes declarations of what is live and nobody declared. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Entry } from '../declared/files.ts';
import type { ImportedFile, Layout } from '../import/files.ts';
import { importObjects } from '../import/import-objects.ts';
import { PlumblineError } from '../model/errors.ts';
import { renderImport } from '../render/import.ts';
import { type AdoptOptions, openForImport } from './adopt.ts';
import { printPatch } from './import-patch.ts';
import type { Output } from './output.ts';

export interface ImportOptions extends AdoptOptions {
  readonly cluster?: readonly string[] | undefined;
  readonly database?: readonly string[] | undefined;
  readonly layout: Layout;
  readonly out?: string | undefined;
  readonly all?: true | undefined;
  readonly force?: true | undefined;
  readonly patch?: true | undefined;
}

const SCHEMAS = [
  'src/declared/schema/declaration.json',
  'node_modules/plumbline/src/declared/schema/declaration.json',
];

/** The line by which editors find the JSON Schema, where it is near, and where the declarations came from. */
function headOf(out: string, clusters: readonly string[]): (path: string) => string[] {
  const schema = SCHEMAS.find((path) => existsSync(join(out, path)));
  const from = `Imported from ${clusters.join(', ')} with \`plumbline import\`.`;
  return (path) => {
    if (schema === undefined) return [from];
    const link = relative(dirname(join(out, path)), join(out, schema)).replaceAll('\\', '/');
    return [`yaml-language-server: $schema=${link}`, '', from];
  };
}

/** Refuses to overwrite: a file that is there, and with `--force` still one that declares what import would not write again. */
function guard(
  out: string,
  entries: readonly Entry[],
  force: boolean,
): (files: readonly ImportedFile[]) => void {
  return (files) => {
    const there = files.map(({ path }) => path).filter((path) => existsSync(join(out, path)));
    if (there.length > 0 && !force) {
      throw new PlumblineError(
        `Import overwrites nothing, and these files exist: ${there.join(', ')}. ` +
          'Name another folder with --out, try the other --layout, or say --force.',
      );
    }
    const lost = there.filter((path) => entries.some(({ file }) => file === path));
    if (lost.length > 0) {
      throw new PlumblineError(
        `These files hold declarations that would be lost: ${lost.join(', ')}. Say --all to write them anew, or name another folder with --out.`,
      );
    }
  };
}

async function write(out: string, files: readonly ImportedFile[], force: boolean): Promise<void> {
  for (const { path, text } of files) {
    const file = join(out, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  }
}

export async function importLive(options: ImportOptions, output: Output): Promise<number> {
  if (options.patch) return printPatch(options, output);
  const opened = await openForImport(options);
  try {
    const { estate, settled, connectTimeout, clusterFile } = opened;
    const clusters = options.cluster ?? estate.clusters.map(({ name }) => name);
    const unknown = clusters.find((name) => !estate.clusters.some((cluster) => cluster.name === name));
    if (unknown !== undefined) throw new PlumblineError(`No cluster is called \`${unknown}\`.`);
    const out = resolve(options.out ?? options.estate);
    const entries = options.all ? opened.entries.filter(({ kind }) => kind === 'Cluster') : opened.entries;
    const isSameFolder = out === resolve(options.estate);
    const first = headOf(out, clusters);
    const imported = await importObjects(estate, entries, {
      layout: options.layout,
      all: options.all === true,
      databases: options.database && new Set(options.database),
      survey: { settled, connectTimeout, clusters: new Set(clusters) },
      mayWrite: guard(out, isSameFolder ? entries : [], options.force === true),
      first,
    });
    const files = clusterFile ? [clusterFile(first), ...imported.files] : imported.files;
    if (imported.files.length > 0) await write(out, files, options.force === true);
    const where = relative(process.cwd(), out) || '.';
    output.result(renderImport({ ...imported, files, folder: where }));
    return 0;
  } finally {
    await opened.close();
  }
}
