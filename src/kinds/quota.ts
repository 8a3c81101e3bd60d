/** Quotas: how much users and roles may ask of a server in a time; changed in one statement. */
import type { Tree } from '../model/object.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { declareNames, describeNames, type NamesDeclaration, namesOfRow, readNames } from './access-names.ts';
import {
  type AccessRow,
  isReadOnly,
  listOf,
  rowsBy,
  storageText,
  storageWords,
  textOf,
} from './access-row.ts';
import { accessRule, accessStatement, readStorage } from './access-rule.ts';
import type { RootKind } from './kind.ts';
import {
  canonicalInterval,
  declareInterval,
  describeInterval,
  type IntervalDeclaration,
  intervalOfRow,
  intervalText,
  parseInterval,
  type QuotaInterval,
  readInterval,
} from './quota-interval.ts';
import { said } from './said.ts';

export type Quota = Readonly<{
  /** What is counted apart: `user_name`, `client_key, user_name`; `none` where all count together. */
  keyedBy: string;
  /** From the shortest to the longest. */
  intervals: readonly string[];
  to: string;
  /** Where no statement changes it. */
  storage: string | undefined;
}>;

interface QuotaDeclaration {
  readonly name: string;
  readonly keyed_by?: string;
  readonly intervals?: readonly IntervalDeclaration[];
  readonly to?: NamesDeclaration;
}

const quotaOf = ({ root }: Tree): Quota => root.attributes as Quota;

const nameOf = ({ root }: Tree): string => identifier(root.id.path[0] ?? '');

const keyedText = (keyedBy: string): string => (keyedBy === 'none' ? 'NOT KEYED' : `KEYED BY ${keyedBy}`);

const intervalTexts = (intervals: readonly QuotaInterval[]): string[] =>
  [...intervals].sort((a, b) => a.seconds - b.seconds).map(intervalText);

/** `FOR INTERVAL …, FOR INTERVAL …`, with a blank before it; empty where there are none. */
const intervalList = (intervals: readonly string[]): string =>
  intervals.length > 0 ? ` ${intervals.map((text) => `FOR ${text}`).join(', ')}` : '';

function createText(tree: Tree): string {
  const { keyedBy, intervals, to, storage } = quotaOf(tree);
  return `CREATE QUOTA ${nameOf(tree)}${storageWords(storage)} ${keyedText(keyedBy)}${intervalList(intervals)} TO ${to}`;
}

function rowText(row: AccessRow, limits: readonly AccessRow[]): string {
  const keys = listOf(row, 'keys').join(', ') || 'none';
  // How many bits of an address count together can't be declared, so that such a quota is not understood.
  const bits = ['ipv4_prefix_bits', 'ipv6_prefix_bits'].flatMap((column) => {
    const value = textOf(row, column);
    return value === undefined ? [] : [` ${column.toUpperCase()} ${value}`];
  });
  const intervals = intervalList(intervalTexts(limits.map(intervalOfRow)));
  const name = identifier(textOf(row, 'name') ?? '');
  const to = namesOfRow(row, 'apply_to');
  return `CREATE QUOTA ${name}${storageText(row)} ${keyedText(keys)}${bits.join('')}${intervals} TO ${to}`;
}

function readKeys(cursor: Cursor): string {
  if (cursor.takes('NOT KEYED')) return 'none';
  cursor.expect('KEYED BY');
  const keys = [cursor.name()];
  while (cursor.takes(',')) keys.push(cursor.name());
  return keys.join(', ');
}

function readQuota(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE QUOTA');
  cursor.name();
  const storage = readStorage(cursor);
  const keyedBy = readKeys(cursor);
  const intervals: QuotaInterval[] = [];
  while (cursor.takes('FOR')) {
    intervals.push(readInterval(cursor));
    if (!cursor.takes(',')) break;
  }
  cursor.expect('TO');
  const to = readNames(cursor);
  if (!cursor.ended) cursor.fail('the end');
  const attributes = { keyedBy, intervals: intervalTexts(intervals), to, storage };
  return { root: { id, attributes }, parts: [] };
}

/** An interval that is gone is said too: those that ALTER does not name stay. */
function alterText(to: Tree, from: Tree): string {
  const { keyedBy, intervals, to: whom } = quotaOf(to);
  const kept = new Set(intervals.map((text) => parseInterval(text).seconds));
  const gone = quotaOf(from).intervals.flatMap((text) => {
    const { seconds } = parseInterval(text);
    return kept.has(seconds) ? [] : [`INTERVAL ${seconds} second NO LIMITS`];
  });
  return `ALTER QUOTA ${nameOf(to)} ${keyedText(keyedBy)}${intervalList([...intervals, ...gone])} TO ${whom}`;
}

export const quota: RootKind<Quota> = {
  name: 'quota',
  document: 'Quota',
  attributes: { keyedBy: accessRule(), intervals: accessRule(), to: accessRule(), storage: 'ignore' },
  declare(declared) {
    const { name, keyed_by = 'none', intervals = [], to = 'none' } = declared.value as QuotaDeclaration;
    const place = declared.place();
    const attributes = {
      keyedBy: keyed_by.split('_or_').join(', '),
      intervals: intervalTexts(intervals.map(declareInterval)),
      to: declareNames(to),
      storage: undefined,
    };
    return { root: { id: { kind: 'quota', path: [name] }, attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const [quotas, limits] = await Promise.all([server.access('quotas'), server.access('quota_limits')]);
    const byQuota = rowsBy(limits, 'quota_name');
    return quotas.map((row) => {
      const name = textOf(row, 'name') ?? '';
      return { id: { kind: 'quota', path: [name] }, statement: rowText(row, byQuota.get(name) ?? []) };
    });
  },
  comesWithServer: isReadOnly,
  parse: (live) => readQuota(live.statement, live.id),
  async normalise(tree, server) {
    const intervals = quotaOf(tree).intervals.map((text) => canonicalInterval(parseInterval(text)));
    if (new Set(intervals.map(({ seconds }) => seconds)).size < intervals.length)
      throw new ParseError('it has two intervals of one length');
    const attributes = { ...tree.root.attributes, intervals: intervals.map(intervalText) };
    const normal = { root: { ...tree.root, attributes }, parts: [] };
    await server.format(createText(normal));
    return normal;
  },
  create: (to) => accessStatement(createText(to), `what ${quotaOf(to).to} may ask for is limited`),
  alter: (to, from) => [accessStatement(alterText(to, from), 'other limits, or for others')],
  drop: (from) =>
    accessStatement(
      `DROP QUOTA ${nameOf(from)}`,
      `what ${quotaOf(from).to} may ask for is limited no more`,
      'destructive',
    ),
  describe(tree) {
    const { keyedBy, intervals, to } = quotaOf(tree);
    const described = intervals.map((text) => describeInterval(parseInterval(text)));
    return said({
      name: tree.root.id.path[0],
      keyed_by: keyedBy === 'none' ? undefined : keyedBy.split(', ').join('_or_'),
      intervals: described.length > 0 ? described : undefined,
      to: to === 'NONE' ? undefined : describeNames(to),
    });
  },
};
