/** Options that every command about an estate has, and what they open: the declarations, and the servers they speak of. */
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { withDefaultLimits } from '../declared/default-limits.ts';
import { expand } from '../declared/expand.ts';
import { readDeclarations } from '../declared/files.ts';
import { readSettings } from '../declared/settings-file.ts';
import { type Resolve, resolveLikeSystem } from '../dr/direction.ts';
import { openEstate } from '../embedded/estate.ts';
import { openSettled, type Settled } from '../live/settled.ts';
import { DeclarationError, PlumblineError } from '../model/errors.ts';
import {
  atAddresses,
  type Cluster,
  type Estate,
  embeddedAddress,
  type Node,
  type SizeLimits,
} from '../model/estate.ts';
import { withoutNetworks } from '../model/federation.ts';
import type { Finding } from '../model/finding.ts';
import type { Files } from '../model/node-file.ts';

export interface EstateOptions {
  readonly estate: string;
  readonly embedded?: true | undefined;
  readonly url?: readonly string[] | undefined;
  readonly resolve?: readonly string[] | undefined;
  /** Seconds. */
  readonly connectTimeout: number;
}

export interface OpenEstate {
  readonly estate: Estate;
  readonly settled: Settled;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** For the names by which pairs know their active site. */
  readonly resolve: Resolve;
  /** Restarts an embedded node. */
  readonly restart?: (node: string) => Promise<void>;
  close(): Promise<void>;
}

/** Where Plumbline keeps what it may lose: embedded data, and what it remembers between runs. */
export function workFolder(estate: string): string {
  return join(resolve(estate), '.plumbline');
}

/** A document with a mistake declares nothing, so that references to it dangle: that is no mistake of its own. */
function mayFollowFrom({ rule }: Finding, mistakes: readonly Finding[]): boolean {
  const inFolder = (folder: string): boolean =>
    mistakes.some(({ place }) => place === undefined || place.file.startsWith(folder));
  if (rule === 'unknown-cluster') return inFolder('clusters/');
  return (
    ['unknown-table', 'unknown-feed', 'missing-on', 'outside-database'].includes(rule) && mistakes.length > 0
  );
}

/** What an estate must hold to be taken for one: before its first import it may declare nothing but clusters. */
export type Fill = 'must declare' | 'may be empty';

/** The mistakes of `plumbline.yaml` stand behind those of the declarations. */
function readLimits(folder: string): { readonly limits: SizeLimits; readonly findings: readonly Finding[] } {
  try {
    return { limits: readSettings(folder).limits, findings: [] };
  } catch (error) {
    if (error instanceof DeclarationError) return { limits: {}, findings: error.findings };
    throw error;
  }
}

/** The declared estate. Throws a DeclarationError with every mistake. */
export async function loadEstate(folder: string, fill: Fill = 'must declare'): Promise<Estate> {
  const read = await readDeclarations(resolve(folder));
  const { entries } = read;
  const findings = read.findings.filter(({ rule }) => fill === 'must declare' || rule !== 'no-declarations');
  const expanded = expand(entries);
  const settings = readLimits(folder);
  const all = [
    ...findings,
    ...expanded.findings.filter((finding) => !mayFollowFrom(finding, findings)),
    ...settings.findings,
  ];
  if (all.some(({ severity }) => severity === 'error')) throw new DeclarationError(all);
  return withDefaultLimits(expanded.estate, settings.limits);
}

/** Throws a PlumblineError for what is no address of a server, or holds what must not be on a command line. */
export function serverUrl(address: string, option: string): URL {
  if (address.trim() === '') {
    throw new PlumblineError(
      `${option} is empty; it takes the address of a server, such as http://localhost:8123 (is a variable not set?).`,
    );
  }
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new PlumblineError(`${option} takes an http:// or https:// address.`);
  }
  const url = new URL(address);
  if (url.username || url.password) {
    throw new PlumblineError(
      `${option} holds a user or password, which other users of this machine can read; declare \`user\` and \`password\` instead.`,
    );
  }
  return url;
}

function parseUrl(text: string, nodes: readonly Node[]): { name: string; url: URL } {
  const at = text.indexOf('=');
  const only = nodes.length === 1 ? nodes[0]?.name : undefined;
  const name = /^[\w-]+=/.test(text) ? text.slice(0, at) : only;
  const known = nodes.map((node) => node.name).join(', ');
  if (nodes.length === 0) {
    serverUrl(text, '--url');
    throw new PlumblineError(
      'No cluster is declared yet, so that --url means no node; `plumbline import --url URL --name NAME` declares the server there.',
    );
  }
  if (text.trim() === '') serverUrl(text, '--url');
  if (name === undefined)
    throw new PlumblineError(`--url must say which node it means (--url NODE=URL): ${known}.`);
  if (!nodes.some((node) => node.name === name)) {
    throw new PlumblineError(`--url names node \`${name}\`, which is not declared: ${known}.`);
  }
  return { name, url: serverUrl(text.slice(text.startsWith(`${name}=`) ? at + 1 : 0), `--url ${name}`) };
}

function atUrls(estate: Estate, urls: readonly string[]): Estate {
  const nodes = estate.clusters.flatMap((cluster) => cluster.nodes);
  const addresses = new Map(
    urls.map((text) => {
      const { name, url } = parseUrl(text, nodes);
      const secure = url.protocol === 'https:';
      const httpPort = Number(url.port || (secure ? 443 : 80));
      return [name, { host: url.hostname.replace(/^\[|\]$/g, ''), httpPort, secure }];
    }),
  );
  return atAddresses(estate, addresses);
}

/** Embedded servers can't store what statements say of users and rights: they have it from their files, like their topology. */
function fromFiles(estate: Estate, files: Files): Estate {
  const clusters = estate.clusters.map((cluster): Cluster => ({ ...cluster, files, access: 'users_xml' }));
  return { ...estate, clusters };
}

/** Starts (or attaches to) one embedded server per declared node, and points the nodes and the ways to them there. */
export async function embed(estate: Estate, folder: string, purpose: 'command' | 'up') {
  const nodes = estate.clusters.flatMap((cluster) => cluster.nodes);
  const running = await openEstate({ folder: join(workFolder(folder), 'embedded'), nodes, purpose });
  const addresses = new Map(
    running.nodes.map(({ name, url, nativePort }) => [name, embeddedAddress(url, nativePort)]),
  );
  const files: Files = { by: { directory: running.folder('{node}') }, reload: 'restart' };
  const federations = withoutNetworks(estate.federations);
  return { estate: fromFiles(atAddresses({ ...estate, federations }, addresses), files), running };
}

/** Throws a PlumblineError for what does not say a name and an address. */
function resolverOf(overrides: readonly string[] = []): Resolve {
  const addresses = new Map<string, readonly string[]>();
  for (const text of overrides) {
    const [, name, address] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || address === undefined || !isIP(address)) {
      throw new PlumblineError(`--resolve takes NAME=ADDRESS with an IP address, found \`${text}\`.`);
    }
    addresses.set(name, [...(addresses.get(name) ?? []), address]);
  }
  return async (name) => addresses.get(name) ?? resolveLikeSystem(name);
}

/** Opens the estate as the options say. Whoever opens it closes it. */
export async function openDeclaredEstate(options: EstateOptions, fill?: Fill): Promise<OpenEstate> {
  const declared = await loadEstate(options.estate, fill);
  const settled = openSettled(join(workFolder(options.estate), 'settled.json'));
  const connectTimeout = options.connectTimeout * 1000;
  const resolver = resolverOf(options.resolve);
  if (!options.embedded) {
    const estate = atUrls(declared, options.url ?? []);
    return { estate, settled, connectTimeout, resolve: resolver, close: async () => {} };
  }
  if (options.url) throw new PlumblineError('--embedded and --url exclude each other.');
  const { estate, running } = await embed(declared, options.estate, 'command');
  return {
    ...{ estate, settled, connectTimeout, resolve: resolver },
    restart: (node) => running.restart(node),
    close: () => running.stop(),
  };
}
