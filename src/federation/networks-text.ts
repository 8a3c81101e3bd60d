/** The text of `/clickhouse/networks` goes in; what it lets in comes out, and the text with some addresses more or less. */
/** Servers know three kinds of entries: https://clickhouse.com/docs/operations/settings/settings-users#user-namenetworks */
const ENTRY = /\s*<(ip|host|host_regexp)>([^<>]*)<\/\1>\s*/y;

/** What every list lets in. */
const LOCAL = ['::1', '127.0.0.1'];

export interface NetworkEntry {
  readonly kind: 'ip' | 'host' | 'host_regexp';
  readonly value: string;
  /** Where it stands in the text, with the blanks around it. */
  readonly start: number;
  readonly end: number;
}

/** Undefined where the text is anything but a row of entries: nobody knows then what a change would do. */
export function networkEntries(text: string): NetworkEntry[] | undefined {
  const entries: NetworkEntry[] = [];
  for (let start = 0; start < text.length; start = ENTRY.lastIndex) {
    ENTRY.lastIndex = start;
    const found = ENTRY.exec(text);
    if (!found) return text.trim() === '' ? [] : undefined;
    const [, kind, value = ''] = found;
    const end = ENTRY.lastIndex;
    entries.push({ kind: kind as NetworkEntry['kind'], value: value.trim(), start, end });
  }
  return entries;
}

/** What is wrong about the first entry that no server would take; undefined where all are right. */
export function wrongEntry(entries: readonly NetworkEntry[]): string | undefined {
  const wrong = entries.find(({ kind, value }) => kind === 'ip' && !isNetwork(value));
  return wrong && `\`${wrong.value}\` is no address`;
}

const isIPv4 = (text: string): boolean => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
const isIPv6 = (text: string): boolean => text.includes(':') && URL.canParse(`http://[${text}]/`);
const isAddress = (text: string): boolean => isIPv4(text) || isIPv6(text);

function isNetwork(value: string): boolean {
  const [address = '', mask, ...rest] = value.split('/');
  if (rest.length > 0 || !isAddress(address)) return false;
  return mask === undefined || /^\d{1,3}$/.test(mask) || isAddress(mask);
}

/** The addresses that stand in the list as such; one that a range lets in does not. */
export function addressesIn(text: string): ReadonlySet<string> {
  return new Set((networkEntries(text) ?? []).flatMap(({ kind, value }) => (kind === 'ip' ? [value] : [])));
}

/** The list with some addresses more and some once less, and all else as it was written. */
export function withAddresses(text: string, add: readonly string[], remove: readonly string[]): string {
  const unwanted = new Set(remove);
  const entries = networkEntries(text) ?? [];
  // An address that stands there twice is somebody else's as well.
  const kept = entries.filter(({ kind, value }) => kind !== 'ip' || !unwanted.delete(value));
  const rest =
    kept.length === entries.length ? text : kept.map(({ start, end }) => text.slice(start, end)).join('');
  const there = addressesIn(rest);
  const missing = [...(entries.length === 0 ? LOCAL : []), ...add].filter((one) => !there.has(one));
  return missing.length === 0 ? rest : rest + missing.map((one) => `<ip>${one}</ip>`).join('');
}
