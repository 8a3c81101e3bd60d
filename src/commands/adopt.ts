/** Opens what import reads from: a declared estate, which may declare nothing but clusters yet, or a server that nobody declared. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClusterDocument } from '../declared/expand-cluster.ts';
import { expandCluster } from '../declared/expand-cluster.ts';
import { type Entry, readDeclarations } from '../declared/files.ts';
import { writeDocument } from '../declared/write.ts';
import { discoverCluster } from '../import/discover.ts';
import type { ImportedFile } from '../import/files.ts';
import { openSettled } from '../live/settled.ts';
import { PlumblineError } from '../model/errors.ts';
import {
  type EstateOptions,
  type OpenEstate,
  openDeclaredEstate,
  serverUrl,
  workFolder,
} from './estate-options.ts';

export interface AdoptOptions extends EstateOptions {
  /** The name of a cluster that is not declared yet. */
  readonly name?: string | undefined;
  readonly shardsOf?: string | undefined;
}

export interface OpenForImport extends Omit<OpenEstate, 'resolve'> {
  readonly entries: readonly Entry[];
  /** The file that declares the new cluster, where there is one. */
  readonly clusterFile?: (first: (path: string) => readonly string[]) => ImportedFile;
}

const CLUSTER_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;

async function openNewCluster(name: string, options: AdoptOptions): Promise<OpenForImport> {
  const { estate: folder, url: [address, ...more] = [], shardsOf } = options;
  const path = `clusters/${name}.yaml`;
  if (!CLUSTER_NAME.test(name))
    throw new PlumblineError(
      `--name takes a letter or \`_\`, then up to 62 letters, digits, \`_\` and \`-\`.`,
    );
  if (address === undefined || more.length > 0 || options.embedded)
    throw new PlumblineError('--name goes with one --url: the address of a server of the new cluster.');
  const declared = existsSync(join(folder, 'clusters'));
  if (declared)
    throw new PlumblineError(
      `${folder} declares clusters already: add the new one there, and import with --cluster ${name}.`,
    );
  const connectTimeout = options.connectTimeout * 1000;
  const described = await discoverCluster({
    name,
    url: serverUrl(address, '--url'),
    shardsOf,
    connectTimeout,
  });
  const document = { name, ...described.description } as unknown as ClusterDocument;
  const text = writeDocument(described);
  const place = () => ({ file: path, line: 1, column: 1 });
  const cluster = expandCluster(document, { place });
  const entry: Entry = {
    kind: 'Cluster',
    value: document,
    file: path,
    place,
    keyPlace: place,
    keys: () => [],
  };
  return {
    estate: { clusters: [cluster], objects: [], prune: new Map(), pairs: [] },
    entries: [entry],
    settled: openSettled(join(workFolder(folder), 'settled.json')),
    connectTimeout,
    clusterFile: (first) => ({
      path,
      text: `${first(path)
        .map((line) => `${`# ${line}`.trimEnd()}\n`)
        .join('')}${text}`,
      begins: [],
    }),
    close: async () => {},
  };
}

/** Whoever opens it closes it. Throws a DeclarationError for a declared estate with mistakes. */
export async function openForImport(options: AdoptOptions): Promise<OpenForImport> {
  if (options.name !== undefined) return openNewCluster(options.name, options);
  const opened = await openDeclaredEstate(options, 'may be empty');
  const { entries } = await readDeclarations(resolve(options.estate));
  return { ...opened, entries };
}
