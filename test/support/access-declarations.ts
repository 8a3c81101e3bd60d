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

const secret = (...secrets: string[]) => fc.constantFrom(...secrets).map((one) => ({ secret: one }));

const method = fc.oneof(
  fc.record({
    with: fc.constantFrom(
      'plaintext_password',
      'sha256_password',
      'double_sha1_password',
      'scram_sha256_password',
    ),
    password: secret('A_PASSWORD'),
  }),
  fc.record({ with: fc.constant('sha256_hash'), hash: secret('HEX_64'), salt: secret('A_PASSWORD') }),
  fc.record({ with: fc.constantFrom('sha256_hash', 'scram_sha256_hash'), hash: secret('HEX_64') }),
  fc.record({ with: fc.constant('double_sha1_hash'), hash: secret('HEX_40') }),
  fc.record({ with: fc.constant('bcrypt_hash'), hash: secret('BCRYPT') }),
  fc.record({ with: fc.constant('ssl_certificate'), common_names: names }),
  fc.record({
    with: fc.constant('ssl_certificate'),
    subject_alt_names: fc.constant(['URI:spiffe://a', 'DNS:b']),
  }),
  fc.record({ with: fc.constant('ldap'), server: name }),
  fc.record({ with: fc.constant('kerberos'), realm: name }),
  fc.record({ with: fc.constant('http'), server: name, scheme: fc.constant('BASIC') }),
  fc.record({
    with: fc.constant('ssh_key'),
    keys: fc.constant([
      { key: 'AAAAC3NzaC1lZDI1NTE5AAAAIDNf0r6vRl24', type: 'ssh-ed25519' },
      { key: 'AAAAB3NzaC1yc2EAAAADAQ', type: 'ssh-rsa' },
    ]),
  }),
);

const hosts = fc.oneof(
  fc.constantFrom('any', 'none'),
  fc.record(
    {
      ip: fc.subarray(['10.1.2.3/8', '::1', 'FE80::1/10', '192.168.0.0/255.255.0.0'], { minLength: 1 }),
      name: names,
      regexp: fc.constant(['^a\\.b$', "it's"]),
      like: names,
      local: fc.constant('true'),
    },
    { requiredKeys: ['ip'] },
  ),
);

const user = fc.record(
  {
    name,
    identified: fc.oneof(
      fc.constant({ with: 'no_password' }),
      method,
      fc.array(method, { minLength: 1, maxLength: 3 }),
    ),
    hosts,
    valid_until: fc.constantFrom('2030-01-01', '2031-12-31 23:59:59'),
    default_roles: to,
    default_database: name,
    grantees: to.map((one) => (one === 'all' ? 'any' : one)),
    settings,
    profiles: names,
  },
  { requiredKeys: ['name', 'identified'] },
);

const columns = names.map((list) => list.map(identifier).join(', '));
const option = (privilege: fc.Arbitrary<string>) =>
  fc.oneof(privilege, fc.record({ privilege, grant_option: fc.constantFrom('true', 'false') }));

const grant = fc.oneof(
  fc.record({
    to: name,
    target: fc.oneof(fc.constantFrom('*.*', 's*.*', 'shop.*', 'shop.o*'), fc.record({ database: name })),
    privileges: fc.array(
      option(fc.constantFrom('SELECT', 'ALL', 'create', 'DROP', 'dictGet', 'show', 'ADD COLUMN')),
    ),
    revoked: fc.subarray(['INSERT', 'ALTER COLUMN']),
  }),
  fc.record({
    to: name,
    target: fc.record({ database: name, name }),
    privileges: fc.array(option(columns.map((list) => `SELECT(${list})`)), { maxLength: 3 }),
    revoked: fc.array(
      columns.map((list) => `INSERT(${list})`),
      { maxLength: 2 },
    ),
  }),
  fc.record({
    to: name,
    target: fc.record({ object: fc.oneof(name, fc.constantFrom('S3', 'tenant_*')) }),
    privileges: fc.subarray(['CREATE USER', 'NAMED COLLECTION', 'SET DEFINER', 'ALTER ROLE']),
  }),
  fc.record({
    to: name,
    roles: fc.array(fc.oneof(name, fc.record({ role: name, admin_option: fc.constant('true') })), {
      maxLength: 4,
    }),
  }),
);

/** By `kind:`. */
export const ACCESS_DOCUMENTS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  User: user,
  Grant: grant,
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
