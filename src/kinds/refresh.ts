/** The REFRESH clause of a materialized view: when it runs, and whether it appends or replaces. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { qualified } from '../sql/quote.ts';
import { said } from './said.ts';
import { declareSettings, describeSettings, readSettings, settingsText } from './storage.ts';
import { viewClauseBegins } from './view-text.ts';

export type Refresh = Readonly<{
  /** `EVERY 1 HOUR OFFSET 5 MINUTE …`; undefined where the view follows inserts. */
  schedule: string | undefined;
  /** `APPEND`, or undefined where each run replaces what the one before wrote. */
  append: string | undefined;
}>;

export interface RefreshDeclaration {
  readonly every?: string;
  readonly after?: string;
  readonly offset?: string;
  readonly randomize?: string;
  readonly depends_on?: readonly string[];
  readonly append?: boolean;
  readonly empty?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

function viewPath(name: string, database: string): string {
  const dot = name.indexOf('.');
  return qualified(dot < 0 ? [database, name] : [name.slice(0, dot), name.slice(dot + 1)]);
}

export function declareRefresh(refresh: RefreshDeclaration | undefined, database: string): Refresh {
  if (!refresh) return { schedule: undefined, append: undefined };
  const settings = settingsText(declareSettings(refresh.settings));
  const dependencies = (refresh.depends_on ?? []).map((name) => viewPath(name, database));
  const words = [
    refresh.every && `EVERY ${refresh.every}`,
    refresh.after && `AFTER ${refresh.after}`,
    refresh.offset && `OFFSET ${refresh.offset}`,
    refresh.randomize && `RANDOMIZE FOR ${refresh.randomize}`,
    dependencies.length > 0 && `DEPENDS ON ${dependencies.join(', ')}`,
    settings && `SETTINGS ${settings}`,
  ];
  return { schedule: words.filter(Boolean).join(' '), append: refresh.append ? 'APPEND' : undefined };
}

/** `name` for one of the same database, else `database.name`. Throws a ParseError where a dot makes that another name. */
function describePath([database = '', name = '']: readonly string[], home: string): string {
  const text = database === home && !name.includes('.') ? name : `${database}.${name}`;
  if (database.includes('.'))
    throw new ParseError(`\`depends_on\` can't name a view of the database \`${database}\``);
  return text;
}

/** What {@link declareRefresh} reads; undefined for a view that follows inserts. */
export function describeRefresh(
  { schedule, append }: Refresh,
  home: string,
  empty = false,
): RefreshDeclaration | undefined {
  if (schedule === undefined) return undefined;
  const cursor = new Cursor(schedule);
  const ends = (): boolean =>
    ['OFFSET', 'RANDOMIZE FOR', 'DEPENDS ON', 'SETTINGS'].some((words) => cursor.sees(words));
  const takes = (words: string): string | undefined =>
    cursor.takes(words) ? cursor.expression(ends, true) : undefined;
  const [every, after, offset, randomize] = ['EVERY', 'AFTER', 'OFFSET', 'RANDOMIZE FOR'].map(takes);
  const dependsOn: string[] = [];
  if (cursor.takes('DEPENDS ON')) {
    do dependsOn.push(describePath(cursor.path(), home));
    while (cursor.takes(','));
  }
  const settings = cursor.takes('SETTINGS') ? describeSettings(readSettings(cursor)) : undefined;
  if (!cursor.ended) cursor.fail('the end');
  return said({
    every,
    after,
    offset,
    randomize,
    depends_on: dependsOn.length > 0 ? dependsOn : undefined,
    append: append === undefined ? undefined : true,
    empty: empty || undefined,
    settings,
  });
}

/** Takes `[REFRESH … [APPEND]]`. */
export function readRefresh(cursor: Cursor): Refresh {
  if (!cursor.takes('REFRESH')) return { schedule: undefined, append: undefined };
  const ends = (): boolean =>
    ['APPEND', 'TO', '(', 'ENGINE ='].some((words) => cursor.sees(words)) || viewClauseBegins(cursor);
  const schedule = cursor.expression(ends, true);
  return { schedule, append: cursor.takes('APPEND') ? 'APPEND' : undefined };
}

export function refreshText({ schedule, append }: Refresh): string | undefined {
  if (schedule === undefined) return undefined;
  return append ? `REFRESH ${schedule} ${append}` : `REFRESH ${schedule}`;
}
