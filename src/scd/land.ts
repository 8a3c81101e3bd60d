/** A feed and the columns of its source go in; the INSERT that lands every row, good or bad, in one reading comes out. */
import { PlumblineError } from '../model/errors.ts';
import type { Feed } from '../model/feed.ts';
import { LANDING, OPEN_END, type ScdTable } from '../model/scd.ts';
import { identifier, literal } from '../sql/quote.ts';
import { castTo, type Fits, fitting } from './cast.ts';
import { type Batch, landingTable } from './landed.ts';
import { isOfTenant, sourceOf } from './source.ts';

/** What a bad row's problem begins with where nobody can tell which key it is about. */
export const NO_KEY = 'key ';
export const FOREIGN = 'a row of another tenant';

export interface Landing {
  readonly batch: Batch;
  /** Types of the source's columns by name. */
  readonly columns: ReadonlyMap<string, string>;
  /** Types by column of the landing table, as the server writes them. */
  readonly types: ReadonlyMap<string, string>;
  /** SQL for the moment of the load. */
  readonly time: string;
  /** SQL for the moment since which the source is read; undefined where all of it is. */
  readonly since: string | undefined;
}

interface Value {
  readonly name: string;
  /** Column of the row as it comes. */
  readonly raw: string;
  /** SQL for the value, NULL where it can't be had. */
  readonly cast: string;
  readonly isNullable: boolean;
  readonly fits: Fits;
  readonly type: string;
}

/** The SQL of each column; throws where the source lacks the one of the same name. */
function expressionsOf(scd: ScdTable, feed: Feed, columns: readonly string[]): [string, string][] {
  const names = scd.columns.map(({ name }) => name).filter((name) => name !== scd.tenant);
  const missing = names.filter((name) => !Object.hasOwn(feed.mapping, name) && !columns.includes(name));
  if (missing.length > 0) {
    const lacks = missing.map((name) => `\`${name}\``).join(', ');
    throw new PlumblineError(
      `The source of feed \`${feed.name}\` has no column ${lacks}; say in \`mapping\` where it comes from (\`NULL\` where it doesn't). ` +
        `It has ${columns.map((name) => `\`${name}\``).join(', ')}.`,
    );
  }
  return names.map((name) => [name, feed.mapping[name] ?? identifier(name)]);
}

/** Rows with names for columns, whatever the format. */
function rowsOf(
  feed: Feed,
  { batch, columns, since }: Landing,
): { readonly from: string; readonly line: string | undefined } {
  const names = [...columns.keys()];
  const source = sourceOf(feed, batch.tenant, names);
  const isNew = since !== undefined && source.isFile ? `_time >= ${since}` : undefined;
  const where = (more?: string): string => {
    const all = [isNew, more].filter((one) => one !== undefined);
    return all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
  };
  if (!source.isJsonLines) return { from: `SELECT * FROM ${source.from}${where()}`, line: undefined };
  const tuple = names.map((name) => `${identifier(name)} Nullable(String)`).join(', ');
  const parts = names.map((name, at) => `tupleElement(\`#line_row\`, ${at + 1}) AS ${identifier(name)}`);
  return {
    from: `SELECT line AS \`#line\`, JSONExtract(line, ${literal(`Tuple(${tuple})`)}) AS \`#line_row\`, ${parts.join(', ')} FROM ${source.from}${where("trim(line) != ''")}`,
    line: '`#line`',
  };
}

function problemsOf(scd: ScdTable, feed: Feed, values: readonly Value[], line: string | undefined): string {
  const rules: [string, string][] = [];
  if (line !== undefined)
    rules.push([`NOT isValidJSON(${line})`, `${NO_KEY}can't be read: the line is no JSON`]);
  if (feed.tenant !== undefined) rules.push(['NOT `#mine`', FOREIGN]);
  const wrong = ({ name, cast, raw, isNullable, fits, type }: Value, start = ''): [string, string][] => [
    ...(isNullable || fits === 'never'
      ? []
      : [[`isNull(${raw})`, `${start}${name} is NULL`] as [string, string]]),
    ...(fits
      ? []
      : [[`isNull(${cast}) AND isNotNull(${raw})`, `${start}${name} is no ${type}`] as [string, string]]),
  ];
  const isKey = ({ name }: Value): boolean => scd.key.includes(name);
  for (const value of values.filter(isKey)) rules.push(...wrong(value, NO_KEY));
  rules.push(
    ['isNull(`#from`)', 'nothing says since when it is so'],
    [`\`#from\` >= ${OPEN_END} - INTERVAL 1 SECOND`, 'it is so only from the year 2999 on'],
    ['isNull(`#deleted`)', 'nothing says whether it was deleted'],
  );
  for (const value of values.filter((one) => !isKey(one)))
    for (const [condition, text] of wrong(value))
      rules.push([`NOT ifNull(\`#deleted\`, false) AND ${condition}`, text]);
  return `multiIf(${rules.map(([condition, text]) => `${condition}, ${literal(text)}`).join(', ')}, '')`;
}

type Found = (expression: string) => string | undefined;

/** The type of an expression that is nothing but a column of a source whose columns have types. */
function typesFound(feed: Feed, { batch, columns }: Landing): Found {
  if (!sourceOf(feed, batch.tenant).isTyped) return () => undefined;
  const quoted = new Map([...columns].map(([name, type]) => [identifier(name), type]));
  return (expression) => columns.get(expression) ?? quoted.get(expression);
}

function validFromOf({ validFrom }: Feed, time: string, found: Found): string {
  if (validFrom === undefined) return time;
  return fitting('DateTime64(3)', found(validFrom))
    ? validFrom
    : `accurateCastOrNull(${validFrom}, 'DateTime64(3)')`;
}

export function insertLanded(scd: ScdTable, feed: Feed, landing: Landing): string {
  const { batch, types, time, since } = landing;
  const { from, line } = rowsOf(feed, landing);
  const found = typesFound(feed, landing);
  const values = expressionsOf(scd, feed, [...landing.columns.keys()]).map(
    ([name, expression], at): Value & { expression: string } => {
      const type = types.get(name) ?? 'String';
      const raw = `\`#${at}\``;
      const { cast, isNullable } = castTo(raw, type);
      const fits = fitting(type, found(expression));
      return { name, raw, type, expression, cast: fits ? raw : cast, isNullable, fits };
    },
  );
  const mine =
    feed.tenant === undefined ? 'true' : `ifNull(toString(${feed.tenant}) = ${literal(batch.tenant)}, false)`;
  const taken = values.map(({ raw, expression }) => `(${expression}) AS ${raw}`);
  const fits = values.filter((value) => value.fits);
  const isAsDescribed = fits.map(
    ({ raw, expression }) => `toTypeName(${raw}) != ${literal(found(expression) ?? '')}`,
  );
  const filters = [
    ...(fits.length === 0
      ? []
      : [
          `NOT throwIf(${isAsDescribed.join(' OR ')}, 'the source has other columns than a moment ago; load it again')`,
        ]),
    ...(feed.tenant !== undefined && !isOfTenant(feed) ? ['`#mine`'] : []),
    ...(since !== undefined && feed.source.from === 'table' && feed.validFrom !== undefined
      ? [`ifNull(\`#from\` >= ${since}, true)`]
      : []),
  ];
  const asJson = values.map(({ name, raw }) => `${raw} AS ${identifier(name)}`).join(', ');
  const names = [
    LANDING.batch,
    scd.tenant,
    ...values.map(({ name }) => name),
    scd.validity.from,
    LANDING.deleted,
    LANDING.problem,
    LANDING.row,
  ];
  const whole = values.map(({ cast, isNullable, fits, type }) =>
    isNullable || fits === 'never' ? cast : `ifNull(${cast}, defaultValueOfTypeName(${literal(type)}))`,
  );
  return `
INSERT INTO ${landingTable(scd)} (${names.map(identifier).join(', ')})
SELECT ${literal(batch.id)}, ${literal(batch.tenant)}, ${whole.join(', ')},
  ifNull(\`#from\`, ${time}), ifNull(\`#deleted\`, false), ${problemsOf(scd, feed, values, line)} AS \`#problem\`,
  if(\`#problem\` = '', '', ${line ?? `formatRowNoNewline('JSONEachRow', ${asJson})`})
FROM (
  SELECT ${line === undefined ? '' : `${line}, `}${taken.join(', ')}, ${mine} AS \`#mine\`,
    ${validFromOf(feed, time, found)} AS \`#from\`,
    ${feed.deleted === undefined ? 'false' : `accurateCastOrNull(${feed.deleted}, 'Bool')`} AS \`#deleted\`
  FROM (${from})
)${filters.length === 0 ? '' : `\nWHERE ${filters.join(' AND ')}`}`;
}
