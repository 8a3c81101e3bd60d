/** Random declarations of access objects, as plain values of their documents, with hostile names and texts. */
import fc from 'fast-check';
import { identifier, literal } from '../../src/sql/quote.ts';
import { hostileName, hostileText } from './hostile-text.ts';

/** Names are up to so many bytes long here; servers take any. */
const LONGEST = 60;

const name = hostileName(LONGEST);
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });

const to = fc.oneof(
  fc.constantFrom('all', 'none'),
  names,
  names.map((all_except) => ({ all_except })),
);

/** A condition over a hostile column and a hostile text. */
export const filter = fc
  .tuple(name, hostileText(LONGEST), fc.constantFrom('=', '!=', 'LIKE'), fc.nat(9))
  .map(
    ([column, text, operator, number]) =>
      `${identifier(column)} ${operator} ${literal(text)} AND ${number} IN (1, 2)`,
  );

const whole = fc.oneof(fc.nat(1000).map(String), fc.constantFrom('10G', '5Ki', '0', '18446744073709551615'));

const SETTINGS = {
  max_memory_usage: whole,
  max_rows_to_read: whole,
  max_threads: fc.integer({ min: 1, max: 64 }).map(String),
  totals_auto_threshold: fc.constantFrom('0.5', '0.50', '1e-7', '3', '.25'),
  max_execution_time: fc.constantFrom('1', '1.50', '0.001', '3600'),
  log_queries: fc.constantFrom('true', '0', '1'),
  join_algorithm: fc.constantFrom('hash', 'hash, direct', 'grace_hash'),
  log_comment: hostileText(LONGEST),
  insert_quorum: fc.constantFrom('auto', '2'),
} as const;

const setting = (key: keyof typeof SETTINGS): fc.Arbitrary<unknown> => {
  const value = SETTINGS[key];
  return fc.oneof(
    value,
    fc.record({
      value,
      writability: fc.constantFrom('const', 'changeable_in_readonly'),
      ...(SETTINGS[key] === whole && { min: fc.constant('0') }),
    }),
  );
};

const KEYS = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];

export const settings: fc.Arbitrary<Record<string, unknown>> = fc
  .uniqueArray(fc.constantFrom(...KEYS), { maxLength: 4 })
  .chain((keys) =>
    fc
      .tuple(...keys.map(setting))
      .map((values) => Object.fromEntries(keys.map((key, at) => [key, values[at]]))),
  );

const LIMITS = ['queries', 'errors', 'result_rows', 'read_bytes', 'written_bytes', 'execution_time'] as const;

/** Limits from `least` on, lengths of up to so many units. */
export const intervals = (least: number, longest = 90): fc.Arbitrary<unknown[]> =>
  fc.uniqueArray(
    fc.record({
      every: fc
        .tuple(
          fc.integer({ min: 1, max: longest }),
          fc.constantFrom('SECOND', 'minutes', 'HOUR', 'day', 'MONTH', 'YEAR'),
        )
        .map(([count, unit]) => `${count} ${unit}`),
      randomized: fc.boolean(),
      limits: fc
        .uniqueArray(fc.constantFrom(...LIMITS), { minLength: 1, maxLength: 4 })
        .chain((keys) =>
          fc
            .tuple(...keys.map(() => fc.integer({ min: least, max: 5000 }).map(String)))
            .map((values) => Object.fromEntries(keys.map((key, at) => [key, values[at]]))),
        ),
    }),
    { maxLength: 3, selector: ({ every }) => every },
  );

export const KEYED_BY = [
  'none',
  'user_name',
  'ip_address',
  'forwarded_ip_address',
  'client_key_or_user_name',
];

/** By `kind:`. */
export const ACCESS_DOCUMENTS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  Role: fc.record({ name, settings, profiles: fc.oneof(names, fc.constant([])) }),
  SettingsProfile: fc.record({ name, settings, inherit: fc.oneof(names, fc.constant([])), to }),
  Quota: fc.record({ name, keyed_by: fc.constantFrom(...KEYED_BY), intervals: intervals(0), to }),
  RowPolicy: fc.record({
    name,
    database: name,
    table: fc.oneof(name, fc.constant('*')),
    filter,
    restrictive: fc.boolean(),
    to,
  }),
};
