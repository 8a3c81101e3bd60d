/** What a federation says of its members' networks goes in; the same with every default made explicit comes out, and what doesn't fit is reported. */
import { isIP } from 'node:net';
import type { Cluster, Credential } from '../model/estate.ts';
import type { Federation } from '../model/federation.ts';
import type { Network } from '../model/network.ts';
import type { Place } from '../model/place.ts';
import type { Entry } from './files.ts';
import { didYouMean } from './messages.ts';

type Report = (rule: string, message: string, place: Place) => void;

export interface NetworkDocument {
  readonly cluster?: string;
  readonly keeper?: string | readonly string[];
  readonly path?: string;
  readonly sign_in?: Credential;
  readonly ca?: Credential;
  readonly addresses?: Readonly<Record<string, string>>;
}

const USUAL_PATH = '/clickhouse/networks';

function checkAddresses(
  addresses: Readonly<Record<string, string>>,
  reading: Cluster,
  entry: Entry,
  report: Report,
): void {
  const nodes = reading.nodes.map(({ name }) => name);
  for (const [node, address] of Object.entries(addresses)) {
    const place = entry.place(['network', 'addresses', node]);
    if (!nodes.includes(node))
      report(
        'unknown-node',
        `cluster \`${reading.name}\` has no node \`${node}\`${didYouMean(node, nodes)}`,
        place,
      );
    if (isIP(address) === 0)
      report(
        'no-address',
        `\`${address}\` is no IPv4 or IPv6 address, and lists of who may connect hold those`,
        place,
      );
  }
  for (const { name, host } of reading.nodes) {
    if (name in addresses || isIP(host) !== 0) continue;
    const message = `node \`${name}\` is known by the name \`${host}\`, and lists of who may connect hold addresses; give its own under \`addresses\``;
    report('no-address', message, entry.keyPlace(['network']));
  }
}

/** Undefined where the federation says nothing of networks. */
export function networkOf(
  { members, reads }: Pick<Federation, 'members' | 'reads'>,
  clusters: readonly Cluster[],
  entry: Entry,
  report: Report,
): Network | undefined {
  const { network: document } = entry.value as { readonly network?: NetworkDocument };
  if (!document) return undefined;
  const { cluster = members.at(-1) ?? reads, keeper = [], path = USUAL_PATH } = document;
  const { sign_in: signIn, ca } = document;
  if (cluster === reads || !members.includes(cluster)) {
    const message = `\`${cluster}\` is no member of the federation that others read; the lists are those of a member into which \`${reads}\` connects`;
    report('unknown-member', message, entry.place(['network', 'cluster']));
  }
  const reading = clusters.find(({ name }) => name === reads);
  if (reading) checkAddresses(document.addresses ?? {}, reading, entry, report);
  const hosts = (reading?.nodes ?? []).flatMap(({ name, host }) => (isIP(host) ? [[name, host]] : []));
  return {
    ...{ cluster, path, keeper: typeof keeper === 'string' ? [keeper] : keeper },
    ...(signIn && { signIn }),
    ...(ca && { ca }),
    addresses: { ...Object.fromEntries(hosts), ...document.addresses },
  };
}
