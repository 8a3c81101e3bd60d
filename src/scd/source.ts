/** A feed and a tenant go in; the SQL by which a server reads the source, and what a row of it is called, come out. */
import { PlumblineError } from '../model/errors.ts';
import type { Feed, FeedSource } from '../model/feed.ts';
import { identifier, literal, qualified } from '../sql/quote.ts';

const TENANT = '{tenant}';

/** Lines of JSON are read as lines, so that one that is no JSON spoils no other. */
const JSON_LINES: ReadonlySet<string | undefined> = new Set(['JSONEachRow', 'JSONLines', 'NDJSON']);

/** Lines that are asked for their keys. */
const SAMPLE = 25_000;

/** Formats without types: every value is read as text, so that a bad one spoils no other. */
const TEXT_FORMAT = /^(CSV|TSV|TabSeparated|CustomSeparated)/;

/** A path is a pattern of files, in which a tenant's name must not mean more than itself. */
const NO_FILE_NAME = /[*?{}[\]/\\]|\.\./;

const FUNCTIONS = { s3: 's3', gcs: 'gcs', azure: 'azureBlobStorage', url: 'url' } as const;
const PATH = { s3: 'filename', gcs: 'filename', azure: 'blob_path', url: 'url' } as const;

export interface Source {
  /** What stands behind FROM. */
  readonly from: string;
  /** Of files: a column with when each was written. */
  readonly isFile: boolean;
  readonly isJsonLines: boolean;
  /** Whether columns are read with the types that `describe` says. */
  readonly isTyped: boolean;
  /** A query for names and types of the columns. */
  readonly describe: string;
  /** For people; holds no credential. */
  readonly text: string;
}

/** Whether the source holds the rows of one tenant only, and other tenants' rows don't belong there. */
export function isOfTenant({ source }: Feed): boolean {
  return Object.values(source).some((part) => part?.includes(TENANT));
}

function inPath(text: string, tenant: string): string {
  if (text.includes(TENANT) && NO_FILE_NAME.test(tenant)) {
    throw new PlumblineError(
      `The tenant \`${tenant}\` can't stand in the path \`${text}\`: there \`*?{}[]/\\\` and \`..\` mean something else.`,
    );
  }
  return text.replaceAll(TENANT, () => tenant);
}

function fileFunction(
  source: Exclude<FeedSource, { from: 'table' }>,
  format: string,
  path: string,
  structure: string | undefined,
): string {
  const form = [format, ...(structure === undefined ? [] : [structure])].map(literal);
  if (source.from === 'file') return `file(${[literal(path), ...form].join(', ')})`;
  if (source.collection === undefined) return `url(${[literal(path), ...form].join(', ')})`;
  const said = [
    `${PATH[source.from]} = ${literal(path)}`,
    `format = ${literal(format)}`,
    ...(structure === undefined ? [] : [`structure = ${literal(structure)}`]),
  ];
  return `${FUNCTIONS[source.from]}(${[identifier(source.collection), ...said].join(', ')})`;
}

/** How the source is read, its columns being known: undefined before they are asked for. */
export function sourceOf({ source, format = '' }: Feed, tenant: string, columns?: readonly string[]): Source {
  if (source.from === 'table') {
    const path = [source.database, source.table].map((part) => part.replaceAll(TENANT, () => tenant));
    const table = qualified(path);
    const from =
      source.cluster === undefined
        ? table
        : `cluster(${literal(source.cluster.replaceAll(TENANT, () => tenant))}, ${table})`;
    return {
      from,
      isFile: false,
      isJsonLines: false,
      isTyped: true,
      describe: `DESCRIBE TABLE ${from}`,
      text: from,
    };
  }
  const path = inPath(source.path, tenant);
  const text = fileFunction(source, format, path, undefined);
  if (JSON_LINES.has(format)) {
    const from = fileFunction(source, 'LineAsString', path, 'line String');
    const describe = `SELECT arrayJoin(arraySort(groupUniqArrayArray(JSONExtractKeys(line)))), 'text' FROM (SELECT line FROM ${from} LIMIT ${SAMPLE})`;
    return { from, isFile: true, isJsonLines: true, isTyped: false, describe, text };
  }
  const structure =
    columns && TEXT_FORMAT.test(format)
      ? columns.map((name) => `${identifier(name)} Nullable(String)`).join(', ')
      : undefined;
  const from = fileFunction(source, format, path, structure);
  return {
    from,
    isFile: true,
    isJsonLines: false,
    isTyped: !TEXT_FORMAT.test(format),
    describe: `DESCRIBE TABLE ${text}`,
    text,
  };
}
