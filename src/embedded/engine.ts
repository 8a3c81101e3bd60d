/** Finds the ClickHouse engine npm installed for this machine: takes platform and resolver, gives a library's path. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PlumblineError } from '../model/errors.ts';

export interface EngineSearch {
  readonly platform?: NodeJS.Platform;
  readonly arch?: string;
  /** Gives the file a module specifier stands for, or throws. */
  readonly resolve?: (specifier: string) => string;
}

/**
 * The absolute path of the engine's shared library.
 * @throws PlumblineError that names the missing package and the ways to do without it.
 */
export function findEngine(search: EngineSearch = {}): string {
  const { platform = process.platform, arch = process.arch, resolve = resolveBesideChdb } = search;
  const name = platformPackage(platform, arch);
  const otherwise =
    'Or use real servers: pass --url NODE=http://host:8123 for each node, or leave out --embedded.';
  if (name === undefined) {
    throw new PlumblineError(
      `Embedded servers have no ClickHouse engine for ${platform} ${arch}. ${otherwise}`,
    );
  }
  try {
    return join(dirname(resolve(`${name}/package.json`)), 'libchdb.so');
  } catch {
    throw new PlumblineError(
      `Embedded servers need the npm package ${name}, the ClickHouse engine for ${platform} ${arch}, and it is not ` +
        `installed. Install it with \`npm install --include=optional\`. ${otherwise}`,
    );
  }
}

function platformPackage(platform: string, arch: string): string | undefined {
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  if (platform === 'linux') return `@chdb/lib-linux-${arch}-gnu`;
  if (platform === 'darwin') return `@chdb/lib-darwin-${arch}`;
  return undefined;
}

/** The platform package is an optional dependency of `chdb`, so strict package managers show it to `chdb` only. */
function resolveBesideChdb(specifier: string): string {
  const here = createRequire(import.meta.url);
  return createRequire(here.resolve('chdb/package.json')).resolve(specifier);
}
