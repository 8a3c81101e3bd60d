/** Row policies: which rows of a table some users and roles see; changed in one statement. */
import type { ObjectId, Tree } from '../model/object.ts';
import { Cursor, ParseError } from '../sql/cursor.ts';
import { identifier, qualified } from '../sql/quote.ts';
import { declareNames, describeNames, type NamesDeclaration, namesOfRow, readNames } from './access-names.ts';
import { type AccessRow, storageText, storageWords, textOf } from './access-row.ts';
import { accessRule, accessStatement, readStorage } from './access-rule.ts';
import { shortName } from './access-text.ts';
import type { RootKind } from './kind.ts';
import { said } from './said.ts';

export type RowPolicy = Readonly<{
  /** Its name as SQL; the object's own name says the table too. */
  policy: string;
  /** ``  `database`.`table`  ``, or ``  `database`.*  `` for every table of the database. */
  on: string;
  /** A condition in the server's own formatting. */
  filter: string;
  /** `RESTRICTIVE` ones hold beside all others, of `PERMISSIVE` ones any. */
  as: string;
  to: string;
  /** Where no statement changes it. */
  storage: string | undefined;
}>;

interface RowPolicyDeclaration {
  readonly name: string;
  readonly database: string;
  /** `*` for every table of the database. */
  readonly table: string;
  readonly filter: string;
  readonly restrictive?: boolean;
  readonly to: NamesDeclaration;
}

const policyOf = ({ root }: Tree): RowPolicy => root.attributes as RowPolicy;

const onText = (database: string, table: string | undefined): string =>
  table === undefined ? `${identifier(database)}.*` : qualified([database, table]);

/** Policies of one name on two tables are two objects. */
export function rowPolicyId(name: string, database: string, table: string | undefined): ObjectId {
  const where = `${shortName(database)}.${table === undefined ? '*' : shortName(table)}`;
  return { kind: 'row policy', path: [`${shortName(name)} ON ${where}`] };
}

function policyText(start: string, tree: Tree): string {
  const { policy, on, filter, as, to, storage } = policyOf(tree);
  return `${start} ROW POLICY ${policy} ON ${on}${storageWords(storage)} AS ${as} FOR SELECT USING ${filter} TO ${to}`;
}

function rowText(row: AccessRow): string {
  const text = (column: string): string => textOf(row, column) ?? '';
  const on = onText(text('database'), text('table') === '' ? undefined : text('table'));
  const as = Number(row.is_restrictive) === 1 ? 'RESTRICTIVE' : 'PERMISSIVE';
  const filter = textOf(row, 'select_filter') ?? 'NONE';
  const to = namesOfRow(row, 'apply_to');
  return `CREATE ROW POLICY ${identifier(text('short_name'))} ON ${on}${storageText(row)} AS ${as} FOR SELECT USING ${filter} TO ${to}`;
}

/** Takes `` `database`.`table` `` or `` `database`.* ``. */
function readOn(cursor: Cursor): { readonly database: string; readonly table: string | undefined } {
  const database = cursor.name();
  cursor.expect('.');
  return { database, table: cursor.takes('*') ? undefined : cursor.name() };
}

/** The table that a policy filters; none where it filters all of the database. */
export function rowPolicyTarget(tree: Tree): ReturnType<typeof readOn> {
  return readOn(new Cursor(policyOf(tree).on));
}

function readPolicy(text: string, id: ObjectId): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE ROW POLICY');
  const policy = identifier(cursor.name());
  cursor.expect('ON');
  const { database, table } = readOn(cursor);
  const storage = readStorage(cursor);
  cursor.expect('AS');
  const as = cursor.takes('RESTRICTIVE') ? 'RESTRICTIVE' : 'PERMISSIVE';
  if (as === 'PERMISSIVE') cursor.expect('PERMISSIVE');
  cursor.expect('FOR SELECT USING');
  const filter = cursor.expression(() => cursor.sees('TO'));
  cursor.expect('TO');
  const to = readNames(cursor);
  if (!cursor.ended) cursor.fail('the end');
  return {
    root: { id, attributes: { policy, on: onText(database, table), filter, as, to, storage } },
    parts: [],
  };
}

const QUOTED = '`(?:[^`\\\\]|\\\\.)*`';

/** What says that it stands in a storage that no statement changes. */
const READ_ONLY = new RegExp(`^CREATE ROW POLICY ${QUOTED} ON ${QUOTED}\\.(?:\\*|${QUOTED}) IN `, 's');

const UNFILTERED = 'CREATE ROW POLICY p ON d.t FOR SELECT USING ';

/** The filter as servers write it down. Throws {@link ParseError} where it says more than a condition. */
async function formattedFilter(
  filter: string,
  format: (statement: string) => Promise<string>,
): Promise<string> {
  const text = await format(UNFILTERED + filter);
  const formatted = text.slice(UNFILTERED.length);
  const cursor = new Cursor(formatted);
  cursor.expression(() => cursor.sees('TO'));
  if (!text.startsWith(UNFILTERED) || !cursor.ended) throw new ParseError('its filter is not one condition');
  return formatted;
}

const whose = (to: string): string => (to === 'NONE' ? 'nobody' : to);

export const rowPolicy: RootKind<RowPolicy> = {
  name: 'row policy',
  document: 'RowPolicy',
  attributes: {
    policy: 'ignore',
    on: 'ignore',
    filter: accessRule(),
    as: accessRule(),
    to: accessRule(),
    storage: 'ignore',
  },
  declare(declared) {
    const { name, database, table, filter, restrictive, to } = declared.value as RowPolicyDeclaration;
    const place = declared.place();
    const one = table === '*' ? undefined : table;
    const attributes = {
      policy: identifier(name),
      on: onText(database, one),
      filter,
      as: restrictive ? 'RESTRICTIVE' : 'PERMISSIVE',
      to: declareNames(to),
      storage: undefined,
    };
    return { root: { id: rowPolicyId(name, database, one), attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const rows = await server.access('row_policies');
    return rows.map((row) => {
      const text = (column: string): string => textOf(row, column) ?? '';
      const table = text('table') === '' ? undefined : text('table');
      return { id: rowPolicyId(text('short_name'), text('database'), table), statement: rowText(row) };
    });
  },
  comesWithServer: (statement) => READ_ONLY.test(statement),
  parse: (live) => readPolicy(live.statement, live.id),
  async normalise(tree, server) {
    const filter = await formattedFilter(policyOf(tree).filter, server.format);
    return { root: { ...tree.root, attributes: { ...tree.root.attributes, filter } }, parts: [] };
  },
  create(to) {
    const reason = `${whose(policyOf(to).to)} will see only the rows that the filter lets through`;
    return accessStatement(policyText('CREATE', to), reason);
  },
  alter: (to) => [accessStatement(policyText('ALTER', to), 'other rows will be seen, or by others')],
  drop(from) {
    const { policy, on, to } = policyOf(from);
    const reason = `the rows that it hid from ${whose(to)} are hidden no more, where nothing else hides them`;
    return accessStatement(`DROP ROW POLICY ${policy} ON ${on}`, reason, 'destructive');
  },
  hides: true,
  describe(tree) {
    const { policy, filter, as, to } = policyOf(tree);
    const { database, table = '*' } = rowPolicyTarget(tree);
    return said({
      name: new Cursor(policy).name(),
      database,
      table,
      filter,
      restrictive: as === 'RESTRICTIVE' ? true : undefined,
      to: describeNames(to),
    });
  },
};
