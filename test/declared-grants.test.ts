/** Random Grants of one user, inside each other, on a real server: what each may do is what the nearest Grant around says. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGrants } from '../src/kinds/grant-read.ts';
import { marksOf } from '../src/kinds/grant-rights.ts';
import { privilegesOf } from '../src/kinds/privileges.ts';
import { holds, type Level, levelAt, targetKey, targetOf } from '../src/kinds/rights.ts';
import type { ServerView } from '../src/kinds/server-view.ts';
import { accessView } from '../src/live/read-access.ts';
import { planFindings, plannedSteps } from '../src/model/plan.ts';
import { size } from './support/size.ts';
import { startUsersFileEstate, type UsersFileEstate } from './support/users-file-estate.ts';

const SEED = 1803;

let estate: UsersFileEstate;
beforeAll(async () => {
  estate = await startUsersFileEstate();
});
afterAll(() => estate?.stop());

const at = (...names: string[]): string => targetKey({ of: 'path', names, prefix: false });

/** From the outside in; the last is a column of the one before. */
const TARGETS = { "'*.*'": at(), 'shop.*': at('shop'), 'shop.orders': at('shop', 'orders') } as const;
const COLUMN = at('shop', 'orders', 'id');
type Name = keyof typeof TARGETS;

const PRIVILEGES = ['SELECT', 'INSERT', 'ALTER ADD COLUMN'] as const;
const LEVELS: Readonly<Record<string, Level>> = { revoked: 0, granted: 1, option: 2 };

const word = fc.constantFrom('', '', 'granted', 'granted', 'option', 'revoked');
const said = fc.record({ SELECT: word, INSERT: word, 'ALTER ADD COLUMN': word });
type Said = Readonly<Record<(typeof PRIVILEGES)[number], string>>;

const grants = fc.record({ "'*.*'": said, 'shop.*': said, 'shop.orders': said, column: said });
type Grants = Readonly<Record<Name | 'column', Said>>;

function documentOf(to: string, target: Name, { [target]: own, column }: Grants): string {
  const words = PRIVILEGES.flatMap((privilege): [string, string][] => [
    [privilege, own[privilege]],
    ...(target === 'shop.orders' ? [[`${privilege}(id)`, column[privilege]] as [string, string]] : []),
  ]);
  const of = (wanted: string): string[] => words.filter(([, one]) => one === wanted).map(([name]) => name);
  const options = of('option').map((privilege) => ({ privilege, grant_option: true }));
  const revoked = of('revoked');
  return [
    '---\nkind: Grant\non: test',
    `to: ${to}\ntarget: ${target}`,
    `privileges: ${JSON.stringify([...of('granted'), ...options])}`,
    ...(revoked.length > 0 ? [`revoked: ${JSON.stringify(revoked)}`] : []),
    '',
  ].join('\n');
}

/** What the nearest of the Grants around a target says; nothing where none does. */
function expected(all: Grants, privilege: (typeof PRIVILEGES)[number], key: string): Level {
  const around = (Object.keys(TARGETS) as Name[]).filter((name) =>
    holds(targetOf(TARGETS[name]), targetOf(key)),
  );
  const words = [...around.map((name) => all[name]), ...(key === COLUMN ? [all.column] : [])];
  const nearest = words.map((one) => one[privilege]).findLast((one) => one !== '');
  return nearest === undefined ? 0 : (LEVELS[nearest] ?? 0);
}

test('the nearest Grant counts, also where it only takes away', async () => {
  const users = fc.sample(grants, { seed: SEED, numRuns: size(40, 1000) });
  const documents = users.flatMap((all, number) => [
    `---\nkind: User\non: test\nname: u${number}\nidentified: { with: no_password }\n`,
    ...(Object.keys(TARGETS) as Name[]).map((target) => documentOf(`u${number}`, target, all)),
  ]);
  await estate.declare(documents.join(''));
  const { results, remaining } = await estate.apply();
  expect(results.map(({ outcome, error }) => [outcome, error])).toEqual([['done', undefined]]);
  expect(plannedSteps(remaining)).toEqual([]);
  expect(planFindings(remaining)).toEqual([]);
  const access = accessView(estate.sql);
  const privileges = privilegesOf(await access('privileges'));
  const live = await readGrants({ access } as ServerView);
  const wrong: string[] = [];
  for (const [number, all] of users.entries()) {
    const own = live.filter(({ to, target }) => to === `u${number}` && target !== undefined);
    for (const privilege of PRIVILEGES) {
      const marks = own.flatMap(({ target = '', rights }) => [
        ...(marksOf(targetOf(target), rights, privileges.listed).get(privilege) ?? []),
      ]);
      for (const key of [...Object.values(TARGETS), COLUMN]) {
        const [is, should] = [levelAt(new Map(marks), key), expected(all, privilege, key)];
        if (is !== should)
          wrong.push(`u${number} ${privilege} ${key}: ${is}, not ${should}: ${JSON.stringify(all)}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
