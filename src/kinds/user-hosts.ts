/** From where users may connect: declarations and rows of a server go in, canonical SQL comes out, and back. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { literal } from '../sql/quote.ts';
import { type AccessRow, listOf } from './access-row.ts';
import { said } from './said.ts';

interface HostLists {
  readonly ip?: readonly string[];
  readonly name?: readonly string[];
  readonly regexp?: readonly string[];
  readonly like?: readonly string[];
  readonly local?: boolean | string;
}

export type HostsDeclaration = 'any' | 'none' | HostLists;

const WORDS = { ip: 'IP', name: 'NAME', regexp: 'REGEXP', like: 'LIKE' } as const;
type Word = keyof typeof WORDS;
const KEYS = Object.keys(WORDS) as Word[];

function hostsText(lists: HostLists): string {
  const local = lists.local === true || lists.local === 'true' ? ['LOCAL'] : [];
  const others = KEYS.flatMap((key) => {
    const list = [...new Set(lists[key])].sort();
    return list.length > 0 ? [`${WORDS[key]} ${list.map(literal).join(', ')}`] : [];
  });
  return [...local, ...others].join(', ') || 'NONE';
}

export function declareHosts(declared: HostsDeclaration = 'any'): string {
  return typeof declared === 'string' ? declared.toUpperCase() : hostsText(declared);
}

/** From the columns `host_ip`, `host_names`, `host_names_regexp` and `host_names_like`. */
export function hostsOfRow(row: AccessRow): string {
  const [ip, names] = [listOf(row, 'host_ip'), listOf(row, 'host_names')];
  if (ip.includes('::/0')) return 'ANY';
  return hostsText({
    ip,
    name: names.filter((name) => name !== 'localhost'),
    regexp: listOf(row, 'host_names_regexp'),
    like: listOf(row, 'host_names_like'),
    local: names.includes('localhost'),
  });
}

function readLists(cursor: Cursor): HostLists {
  const lists: Record<Word, string[]> = { ip: [], name: [], regexp: [], like: [] };
  let local = false;
  do {
    if (cursor.takes('LOCAL')) {
      local = true;
      continue;
    }
    const key = KEYS.find((one) => cursor.takes(WORDS[one])) ?? cursor.fail('a kind of host');
    do lists[key].push(cursor.string());
    while (cursor.sees(',') && cursor.peek(1)?.kind === 'string' && cursor.takes(','));
  } while (cursor.takes(','));
  return { ...lists, local };
}

/** Takes what stands behind HOST. */
export function readHosts(cursor: Cursor): string {
  return ['ANY', 'NONE'].find((word) => cursor.takes(word)) ?? hostsText(readLists(cursor));
}

/** 26.7 writes every address of the form `::2` down as `::`, from which nobody comes. Throws a {@link ParseError}. */
export function refuseMiswritten(declared: string, stored: string): void {
  if (/^(ANY|NONE)$/.test(declared) || /^(ANY|NONE)$/.test(stored)) return;
  const addresses = (text: string): readonly string[] => readLists(new Cursor(text)).ip ?? [];
  const isShort = (address: string): boolean =>
    /^::[0-9a-f][0-9a-f:]*(\/128)?$/i.test(address) && !/^::1(\/128)?$/.test(address);
  const lost = addresses(declared).find(isShort);
  if (lost !== undefined && addresses(stored).includes('::'))
    throw new ParseError(
      `this server writes the address \`${lost}\` down as \`::\`, from which nobody comes`,
    );
}

export function describeHosts(text: string): HostsDeclaration | undefined {
  if (text === 'ANY') return undefined;
  if (text === 'NONE') return 'none';
  const { local, ...lists } = readLists(new Cursor(text));
  const told = Object.entries(lists).map(([key, list]) => [key, list.length > 0 ? list : undefined]);
  return said({ ...(Object.fromEntries(told) as HostLists), local: local || undefined });
}
