/** Hostile names and texts in a `users.d` file: the server reads back what was declared, or the plan says why it can't. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldBy } from '../src/access/held.ts';
import { unwritableName, unwritableText } from '../src/access/users-xml.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { literal } from '../src/sql/quote.ts';
import { intervals, settings } from './support/access-declarations.ts';
import { hostileName, hostileText } from './support/hostile-text.ts';
import { size } from './support/size.ts';
import { startUsersFileEstate, type UsersFileEstate } from './support/users-file-estate.ts';

let estate: UsersFileEstate;
beforeAll(async () => {
  estate = await startUsersFileEstate();
});
afterAll(() => estate?.stop());

const LONGEST = 80;

const isWritable = (text: string): boolean => unwritableText(text) === undefined;

const name = hostileName(LONGEST).filter(isWritable);
const text = hostileText(LONGEST).filter((one) => isWritable(literal(one)));

/** The texts of a value, however deep. */
function textsOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [`${value}`];
}

/** What one user has: hostile wherever a file has no rule for it. */
const belongings = fc.record({
  database: name,
  settings: settings.filter((one) => textsOf(one).every(isWritable)),
  intervals: intervals(1, 60),
  keyed_by: fc.constantFrom('user_name', 'ip_address', 'forwarded_ip_address', 'client_key_or_user_name'),
  hosts: fc.constantFrom(
    'any',
    'none',
    { ip: ['10.0.0.0/8', '::1'], name: ['a.example'] },
    { local: true, regexp: ['^b[.]<&"'] },
  ),
  policies: fc.array(
    fc.record({
      name,
      database: name,
      table: fc.oneof(name, fc.constant('*')),
      filter: text.map((one) => `x = ${literal(one)}`),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** YAML breaks lines at characters that JSON leaves as they are. */
const yaml = (documents: readonly object[]): string =>
  documents
    .map((one) =>
      JSON.stringify(one).replace(
        /[\x7f-\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    )
    .join('\n---\n');

test('a server reads back every hostile text that a file can hold', async () => {
  const users = fc.sample(belongings, { seed: 2011, numRuns: size(30, 1000) });
  const documents = users.flatMap(({ database, settings, intervals, keyed_by, hosts, policies }, at) => {
    const user = `user_${at}-x`;
    const head = { on: 'test', to: [user] };
    return [
      {
        kind: 'User',
        on: 'test',
        name: user,
        identified: { with: 'no_password' },
        hosts,
        default_database: database,
      },
      { kind: 'SettingsProfile', name: `profile_${at}`, settings, ...head },
      { kind: 'Quota', name: `quota_${at}`, keyed_by, intervals, ...head },
      ...policies.map((policy, number) => ({
        kind: 'RowPolicy',
        ...policy,
        name: `${policy.name} ${at} ${number}`,
        ...head,
      })),
    ];
  });
  await estate.declare(yaml(documents));
  const plan = await estate.plan();
  expect(planFindings(plan).map(({ message }) => message)).toEqual([]);
  expect(plannedSteps(plan)).toHaveLength(1);
  const { results, remaining } = await estate.apply();
  expect(results.map(({ outcome, error }) => error ?? outcome)).toEqual(['done']);
  expect(plannedSteps(remaining).map(({ step }) => step.changes)).toEqual([]);
  expect(planFindings(remaining)).toEqual([]);
  const rows = await estate.sql.rows<[string]>('SELECT name FROM system.users ORDER BY name');
  expect(rows.flat()).toEqual(['default', ...users.map((_, at) => `user_${at}-x`)].sort());
});

test('what a file can not hold is told, and nothing is delivered', async () => {
  const before = await estate.sql.rows('SHOW ACCESS');
  const user = { kind: 'User', on: 'test', name: 'ok', identified: { with: 'no_password' } };
  const policy = {
    kind: 'RowPolicy',
    on: 'test',
    name: 'p',
    database: 'd',
    table: 't',
    filter: 'x = 1',
    to: ['ok'],
  };
  const quota = { kind: 'Quota', on: 'test', name: 'q', keyed_by: 'user_name', intervals: [], to: ['ok'] };
  const profile = { kind: 'SettingsProfile', on: 'test', name: 'p', to: ['ok'] };
  const cases: readonly (readonly [object, string])[] = [
    [{ ...user, name: 'a.b' }, 'its name is no XML element'],
    [{ ...user, name: '<b>' }, 'its name is no XML element'],
    [{ ...user, name: 'default' }, 'Plumbline signs in as this user'],
    [{ ...user, name: 'x', valid_until: '2030-01-01' }, 'no word for `valid_until`'],
    [{ ...user, name: 'x', grantees: 'none' }, 'no word for `grantees`'],
    [{ ...user, name: 'x', hosts: { like: ['%.x'] } }, 'no word for `hosts: { like'],
    [{ ...user, name: 'x', profiles: ['nosuch'] }, 'no settings profile is called `nosuch`'],
    [
      { ...user, name: 'x', identified: { with: 'bcrypt_hash', hash: { secret: 'A' } } },
      'no word for bcrypt_hash',
    ],
    [{ ...policy, to: 'all' }, 'meant for all'],
    [{ ...policy, to: ['stranger'] }, '`stranger` is no user or role'],
    [{ ...policy, restrictive: true }, 'only restrictive policies apply to `ok`'],
    [
      { ...policy, filter: "x = '$" + "{users.default.password}'" },
      'which ClickHouse replaces in configuration files',
    ],
    [{ ...policy, table: 'a\u0001b' }, 'control characters'],
    [{ ...quota, keyed_by: 'normalized_query_hash' }, 'can not count by `normalized_query_hash`'],
    [{ ...quota, intervals: [{ every: '1 DAY', limits: { queries: 0 } }] }, 'a limit of 0 means no limit'],
    [{ ...quota, intervals: [{ every: '69 YEAR' }] }, 'more than 68 years'],
    [{ ...profile, settings: { max_threds: 1 } }, 'did you mean `max_threads`?'],
    [{ ...profile, settings: { max_threads: 'auto' } }, 'write a number'],
    [{ ...profile, settings: { max_memory_usage: '1 GB' } }, 'is no whole number'],
  ];
  for (const [one, reason] of cases) {
    await estate.declare(yaml([user, one]));
    const plan = await estate.plan();
    expect(
      planFindings(plan)
        .map(({ message }) => message)
        .join('\n'),
      JSON.stringify(one),
    ).toContain(reason);
    expect(plannedSteps(plan).filter(({ step }) => step.action !== 'drop' && step.file)).toEqual([]);
  }
  const named = { kind: 'SettingsProfile', on: 'test', name: 'settings_of_user_ok' };
  await estate.declare(yaml([{ ...user, settings: { max_threads: 1 } }, named]));
  expect(planFindings(await estate.plan()).map(({ message }) => message)).toEqual([
    expect.stringContaining('another object of the file needs this name'),
  ]);
  await expect(estate.apply()).rejects.toThrow('nothing was changed');
  expect(await estate.sql.rows('SHOW ACCESS')).toEqual(before);
});

test('names that mean something in JavaScript are read back from a file as they are', () => {
  const names = ['constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'plain'];
  const users = names.map((one) => `<${one}><databases><${one}/></databases></${one}>`).join('\n');
  const held = heldBy(
    `<clickhouse>\n<users>\n${users}\n</users><profiles><toString/></profiles></clickhouse>`,
  );
  expect([...held.user]).toEqual(names);
  expect([...held['settings profile']]).toEqual(['toString']);
  expect([...held.role]).toEqual([]);
});

test('names and texts that XML would change are never written', () => {
  fc.assert(
    fc.property(hostileText(LONGEST), (one) => {
      const isElement = unwritableName(one) === undefined;
      expect(isElement).toBe(/^[A-Za-z_][\w-]*$/.test(one));
      if (isElement) expect(isWritable(one)).toBe(true);
    }),
    { seed: 7, numRuns: size(2000, 20_000) },
  );
});
