/** A pair goes in; which of its sites is active comes out, and how that is known, or why nobody knows. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { DrPair, DrSite } from '../model/dr-pair.ts';

/** All addresses of a name. Rejects where it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export type Direction =
  | { readonly active: DrSite; readonly passive: DrSite; readonly reason: string }
  | { readonly active: undefined; readonly reason: string };

/** As the system does, so that `/etc/hosts` counts. */
export const resolveLikeSystem: Resolve = async (name) => {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
};

/** One spelling for each address: `::FFFF:10.0.0.1` is `10.0.0.1`, `0:0::1` is `::1`. */
function canonical(address: string): string {
  const [plain = ''] = address.split('%');
  if (isIP(plain) !== 6) return plain;
  const host = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  return [high, low]
    .flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 255])
    .join('.');
}

async function addressesOf(names: readonly string[], resolve: Resolve): Promise<Set<string>> {
  const found = await Promise.all(names.map((name) => (isIP(name) ? [name] : resolve(name))));
  return new Set(found.flat().map(canonical));
}

const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Says `unknown` rather than guess: a record that resolves to nothing, to neither site, or to both. Never rejects. */
export async function directionOf(pair: DrPair, resolve: Resolve = resolveLikeSystem): Promise<Direction> {
  const [first, second] = pair.sites;
  const { active } = pair;
  if ('fixed' in active) {
    const reason = 'the declaration says so';
    return first.cluster === active.fixed
      ? { active: first, passive: second, reason }
      : { active: second, passive: first, reason };
  }
  const unknown = (reason: string): Direction => ({ active: undefined, reason });
  let record: Set<string>;
  let sites: readonly Set<string>[];
  try {
    record = await addressesOf([active.dns], resolve);
  } catch (error) {
    return unknown(`${active.dns} does not resolve (${why(error)})`);
  }
  try {
    sites = await Promise.all(pair.sites.map(({ addresses }) => addressesOf(addresses, resolve)));
  } catch (error) {
    return unknown(`an address of the sites does not resolve (${why(error)})`);
  }
  const shown = [...record].sort().join(' and ');
  const [isFirst, isSecond] = sites.map((site) => [...site].some((address) => record.has(address)));
  if (isFirst && isSecond) return unknown(`${active.dns} is ${shown}, which both sites have`);
  if (isFirst) return { active: first, passive: second, reason: `${active.dns} is ${shown}` };
  if (isSecond) return { active: second, passive: first, reason: `${active.dns} is ${shown}` };
  return unknown(`${active.dns} is ${shown || 'nothing'}, which neither site has`);
}
