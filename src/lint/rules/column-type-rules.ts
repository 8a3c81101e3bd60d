/** What is said of columns' types: few values, unique values, NULLs and money. */
import { isFloat, isStored, plainName } from '../column.ts';
import { ofMergeTree, type Rule } from '../rule.ts';

const TYPES = 'https://clickhouse.com/docs/best-practices/select-data-types';

const FEW_VALUES =
  /(^|_)(status|type|kind|category|country|country_code|region|currency|language|locale|timezone|level|severity|priority|gender|platform|os|browser|environment|env|method|protocol|channel|role)$/;

const lowCardinalityMissing: Rule = {
  slug: 'low-cardinality-missing',
  severity: 'warning',
  title: 'A column that seems to have few values is a plain String.',
  why: 'A LowCardinality(String) column stores each value once and a small number per row: less to read, and comparing and grouping by numbers instead of text. It pays off up to some ten thousand different values. An Enum is as small, and refuses values that nobody foresaw.',
  link: 'https://clickhouse.com/docs/sql-reference/data-types/lowcardinality',
  bad: `kind: Table
database: shop
name: orders
columns:
  order_id: UInt64
  status: String
order_by: order_id`,
  good: `kind: Table
database: shop
name: orders
columns:
  order_id: UInt64
  status: LowCardinality(String)
order_by: order_id`,
  check: ofMergeTree(({ columns }) =>
    columns
      .filter(
        (column) =>
          column.base === 'String' &&
          !column.lowCardinality &&
          isStored(column) &&
          FEW_VALUES.test(plainName(column.name)),
      )
      .map(({ name, nullable }) => ({
        message: `\`${name}\` seems to have few different values; make it ${nullable ? 'LowCardinality(Nullable(String))' : 'LowCardinality(String)'} or an Enum`,
        at: ['columns', name],
      })),
  ),
};

const UNIQUE_VALUES =
  /(^|_)(uuid|guid|(?<!schema_)url|uri|email|message|body|token|trace_id|span_id|request_id|session_id|hash)$/;

const lowCardinalityOfUnique: Rule = {
  slug: 'low-cardinality-of-unique',
  severity: 'warning',
  title: 'A column that seems to be different in every row is LowCardinality.',
  why: 'The dictionary of such a column is as large as the column itself and has to be built, stored and read besides it. Inserts and queries get slower, not faster.',
  link: 'https://clickhouse.com/docs/sql-reference/data-types/lowcardinality',
  bad: `kind: Table
database: shop
name: mails
columns:
  mail_id: UInt64
  email: LowCardinality(String)
order_by: mail_id`,
  good: `kind: Table
database: shop
name: mails
columns:
  mail_id: UInt64
  email: String
order_by: mail_id`,
  check: ofMergeTree(({ columns }) =>
    columns
      .filter(
        ({ name, base, lowCardinality }) =>
          lowCardinality && (base === 'UUID' || UNIQUE_VALUES.test(plainName(name))),
      )
      .map(({ name, base }) => ({
        message: `\`${name}\` seems to be different in nearly every row, where a dictionary only costs; make it ${base === 'String' ? 'a plain String' : base}`,
        at: ['columns', name],
      })),
  ),
};

/** So few columns are a table where it may just be so. */
const FEWEST_COLUMNS = 6;

const mostlyNullable: Rule = {
  slug: 'mostly-nullable',
  severity: 'warning',
  title: 'Most columns of a table are Nullable.',
  why: 'Each Nullable column keeps a second one with a byte per row that says where the NULLs are, and keeps ClickHouse from several optimizations. Tables that were carried over from another database often have them everywhere; a default such as 0 or an empty text is enough unless the difference is asked for.',
  link: 'https://clickhouse.com/docs/concepts/best-practices/avoidnullablecolumns',
  bad: `kind: Table
database: shop
name: people
columns:
  person_id: UInt64
  first_name: Nullable(String)
  last_name: Nullable(String)
  street: Nullable(String)
  town: Nullable(String)
  birthday: Nullable(Date32)
order_by: person_id`,
  good: `kind: Table
database: shop
name: people
columns:
  person_id: UInt64
  first_name: String
  last_name: String
  street: String
  town: String
  birthday: Nullable(Date32)
order_by: person_id`,
  check: ofMergeTree((table) => {
    const stored = table.columns.filter(isStored);
    const nullable = stored.filter((column) => column.nullable).length;
    if (stored.length < FEWEST_COLUMNS || nullable * 2 <= stored.length) return [];
    const message = `${nullable} of ${stored.length} columns are Nullable; keep it where NULL means something else than an empty value, and give the others a default`;
    return [{ message, at: ['columns'] }];
  }),
};

const MONEY = /(^|_)(price|amount|cost|revenue|balance|salary|fee|tax|discount|refund)$/;

const floatForMoney: Rule = {
  slug: 'float-for-money',
  severity: 'warning',
  title: 'A column that seems to hold money is a floating-point number.',
  why: 'Floats can not hold most decimal fractions, and sums of them depend on the order in which they are added: the same query gives other cents on every run. A Decimal, or an integer of the smallest unit, is exact.',
  link: 'https://clickhouse.com/docs/sql-reference/data-types/decimal',
  bad: `kind: Table
database: shop
name: invoices
columns:
  invoice_id: UInt64
  amount: Float64
order_by: invoice_id`,
  good: `kind: Table
database: shop
name: invoices
columns:
  invoice_id: UInt64
  amount: Decimal(18, 2)
order_by: invoice_id`,
  check: ofMergeTree(({ columns }) =>
    columns
      .filter((column) => isFloat(column) && MONEY.test(plainName(column.name)))
      .map(({ name, base }) => ({
        message: `\`${name}\` seems to be money, of which ${base} loses fractions; make it a Decimal such as Decimal(18, 2)`,
        at: ['columns', name],
      })),
  ),
};

interface Misfit {
  readonly slug: string;
  readonly what: string;
  readonly type: string;
  readonly right: string;
  readonly names: RegExp;
  readonly example: string;
  readonly why: string;
}

/** A rule about Strings whose names say that they hold something else. */
const stringFor = ({ slug, what, type, right, names, example, why }: Misfit): Rule => {
  const table = (of: string): string => `kind: Table
database: shop
name: logins
columns:
  login_id: UInt64
  ${example}: ${of}
order_by: login_id`;
  return {
    slug,
    severity: 'warning',
    title: `A column that seems to hold ${what} is a String.`,
    why,
    link: TYPES,
    bad: table('String'),
    good: table(type),
    check: ofMergeTree(({ columns }) =>
      columns
        .filter(
          (column) =>
            column.base === 'String' &&
            !column.lowCardinality &&
            isStored(column) &&
            names.test(plainName(column.name)),
        )
        .map(({ name }) => ({
          message: `\`${name}\` seems to hold ${what}; make it ${right}`,
          at: ['columns', name],
        })),
    ),
  };
};

const MISFITS: readonly Misfit[] = [
  {
    slug: 'string-for-uuid',
    what: 'UUIDs',
    type: 'UUID',
    right: 'a UUID',
    names: /(^|_)(uuid|guid)$/,
    example: 'device_uuid',
    why: 'A UUID takes 16 bytes, its text 37, and comparing two numbers is faster than comparing texts. What is no UUID is refused at the insert instead of being found later.',
  },
  {
    slug: 'string-for-ip',
    what: 'IP addresses',
    type: 'IPv6',
    right: 'IPv4, or IPv6, which holds both',
    names: /(^|_)(ip|ip_address|ip_addr|ipv4|ipv6|remote_addr)$/,
    example: 'client_ip',
    why: 'IPv4 takes 4 bytes and IPv6 16; both sort and compare as networks do, so that a range of addresses is one range of the key.',
  },
  {
    slug: 'string-for-time',
    what: 'a time',
    type: 'DateTime',
    right: 'a Date, DateTime or DateTime64',
    names: /(^|_)(date|datetime|timestamp)$|_at$/,
    example: 'created_at',
    why: 'A DateTime takes 4 bytes instead of 20, can be partitioned by, expires by a TTL, and needs no parsing in every query. Text sorts as time only as long as everybody writes it the same way.',
  },
  {
    slug: 'string-for-number',
    what: 'numbers',
    type: 'UInt32',
    right: 'a number',
    names: /(^|_)(price|amount|quantity|qty|count|cost|revenue|age|latency|duration|duration_ms|bytes)$/,
    example: 'duration_ms',
    why: "Text sorts '10' before '9', is larger than the number it spells, and has to be converted in every query that adds or compares it.",
  },
];

export const columnTypeRules: readonly Rule[] = [
  lowCardinalityMissing,
  lowCardinalityOfUnique,
  mostlyNullable,
  floatForMoney,
  ...MISFITS.map(stringFor),
];
