/** Feed documents go in; feeds with every default made explicit come out, and what doesn't fit the tables with history is reported. */
import type { Feed, FeedMode, FeedSource } from '../model/feed.ts';
import { type Place, showPlace } from '../model/place.ts';
import type { ScdTable } from '../model/scd.ts';
import { seconds } from './amounts.ts';
import type { Entry } from './files.ts';
import { didYouMean } from './messages.ts';

type Report = (rule: string, message: string, place: Place) => void;

interface Files {
  readonly collection: string;
  readonly path: string;
}

interface SourceDocument {
  readonly s3?: Files;
  readonly gcs?: Files;
  readonly azure?: Files;
  readonly url?: string | Files;
  readonly file?: string;
  readonly cluster?: string;
  readonly table?: string;
}

interface FeedDocument {
  readonly name: string;
  readonly table: string;
  readonly source: SourceDocument;
  readonly format?: string;
  readonly mapping?: Readonly<Record<string, string>>;
  readonly tenant_column?: string;
  readonly valid_from?: string;
  readonly deleted?: string;
  readonly mode?: FeedMode['as'];
  readonly window?: string;
  readonly max_bad_share?: string;
  readonly max_closed_share?: string;
  readonly allow_empty?: boolean;
}

const STORES = ['s3', 'gcs', 'azure', 'url', 'file', 'table'] as const;

const share = (text: string): number => Number(text.replace(/ ?%$/, '')) / 100;

function pathOf(table: string): readonly [string, string] {
  const dot = table.indexOf('.');
  return [table.slice(0, dot), table.slice(dot + 1)];
}

function sourceOf(source: SourceDocument): FeedSource {
  if (source.table !== undefined) {
    const [database, table] = pathOf(source.table);
    return { from: 'table', cluster: source.cluster, database, table };
  }
  if (source.file !== undefined) return { from: 'file', path: source.file };
  if (typeof source.url === 'string') return { from: 'url', collection: undefined, path: source.url };
  for (const from of ['s3', 'gcs', 'azure', 'url'] as const) {
    const files = source[from];
    if (typeof files === 'object') return { from, ...files };
  }
  return { from: 'file', path: '' };
}

function modeOf({ mode = 'incremental', window = '2 HOUR', ...document }: FeedDocument): FeedMode {
  if (mode === 'incremental') return { as: mode, window: window === 'all' ? undefined : seconds(window) };
  return {
    as: mode,
    allowEmpty: document.allow_empty ?? false,
    maxClosedShare: share(document.max_closed_share ?? '20%'),
  };
}

function feedOf(document: FeedDocument, entry: Entry): Feed {
  return {
    name: document.name,
    table: pathOf(document.table),
    source: sourceOf(document.source),
    format: document.format,
    mapping: document.mapping ?? {},
    tenant: document.tenant_column,
    validFrom: document.valid_from,
    deleted: document.deleted,
    mode: modeOf(document),
    maxBadShare: share(document.max_bad_share ?? '1%'),
    place: entry.place(['name']),
  };
}

function checkSource(
  feed: Feed,
  { source, mode = 'incremental', ...document }: FeedDocument,
  entry: Entry,
  report: Report,
): void {
  const named = STORES.filter((store) => source[store] !== undefined);
  if (named.length !== 1) {
    const found = named.length === 0 ? 'none' : named.map((store) => `\`${store}\``).join(' and ');
    report('one-source', `a feed has one source, found ${found}`, entry.place(['source']));
  } else if (source.cluster !== undefined && source.table === undefined) {
    report(
      'one-source',
      '`cluster` goes with `table`, the one that is read there',
      entry.place(['source', 'cluster']),
    );
  }
  if (feed.source.from === 'url' && /^[a-z]+:\/\/[^/]*@/i.test(feed.source.path)) {
    const message =
      'the URL holds a user or a password; put it into a named collection and say `{collection, path}`';
    report('literal-secret', message, entry.place(['source', 'url']));
  }
  if (feed.source.from !== 'table' && feed.format === undefined)
    report(
      'missing-key',
      'files have a `format`, such as `Parquet` or `JSONEachRow`',
      entry.place(['source']),
    );
  if (feed.source.from === 'table' && feed.format !== undefined)
    report('excluded-key', 'a table has no `format`', entry.keyPlace(['format']));
  const isOfTenant = Object.values(feed.source).some((part) => part?.includes('{tenant}'));
  if (!isOfTenant && feed.tenant === undefined) {
    const message = 'nothing says whose the rows are: put `{tenant}` into the source, or say `tenant_column`';
    report('whose-rows', message, entry.place(['source']));
  }
  const other = mode === 'full' ? (['window'] as const) : (['max_closed_share', 'allow_empty'] as const);
  for (const key of other.filter((one) => document[one] !== undefined))
    report('excluded-key', `\`${key}\` means nothing to a feed of mode \`${mode}\``, entry.keyPlace([key]));
}

function checkTable(
  feed: Feed,
  tables: readonly Omit<ScdTable, 'clusters'>[],
  entry: Entry,
  report: Report,
): void {
  const [database, name] = feed.table;
  const table = tables.find((one) => one.database === database && one.name === name);
  if (!table) {
    const names = tables.map((one) => `${one.database}.${one.name}`);
    const hint = didYouMean(`${database}.${name}`, names);
    report('unknown-table', `no ScdTable \`${database}.${name}\` is declared${hint}`, entry.place(['table']));
    return;
  }
  const columns = table.columns.map((column) => column.name);
  for (const column of Object.keys(feed.mapping)) {
    const place = entry.keyPlace(['mapping', column]);
    if (column === table.tenant)
      report(
        'tenant-mapped',
        `\`${column}\` is the tenant that is loaded; \`tenant_column\` says whose a row is`,
        place,
      );
    else if (!columns.includes(column))
      report(
        'unknown-column',
        `\`${feed.table.join('.')}\` has no column \`${column}\`${didYouMean(column, columns)}`,
        place,
      );
  }
}

/** Tenants name the feeds that load their rows. */
function checkNames(entries: readonly Entry[], known: readonly string[], report: Report): void {
  for (const entry of entries.filter(({ kind }) => kind === 'Tenant')) {
    const { feeds } = entry.value as { readonly feeds?: readonly string[] | string };
    if (typeof feeds !== 'object') continue;
    for (const [at, name] of feeds.entries())
      if (!known.includes(name))
        report(
          'unknown-feed',
          `no feed is called \`${name}\`${didYouMean(name, known)}`,
          entry.place(['feeds', at]),
        );
  }
}

export function expandFeeds(
  entries: readonly Entry[],
  tables: readonly Omit<ScdTable, 'clusters'>[],
  report: Report,
): Feed[] {
  const feeds = new Map<string, Feed>();
  for (const entry of entries.filter(({ kind }) => kind === 'Feed')) {
    const document = entry.value as FeedDocument;
    const feed = feedOf(document, entry);
    const place = entry.place(['name']);
    const twin = feeds.get(feed.name)?.place;
    if (twin) {
      report('duplicate', `feed \`${feed.name}\` is already declared at ${showPlace(twin)}`, place);
      continue;
    }
    feeds.set(feed.name, feed);
    checkSource(feed, document, entry, report);
    checkTable(feed, tables, entry, report);
  }
  checkNames(entries, [...feeds.keys()], report);
  return [...feeds.values()];
}
