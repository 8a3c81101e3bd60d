/** Which users, roles and rights import writes, and as what. */
import { expect, test } from 'vitest';
import type { Survey } from '../src/apply/survey.ts';
import { writeDocument } from '../src/declared/write.ts';
import { collect } from '../src/import/collect.ts';
import { rootKind } from '../src/kinds/index.ts';
import type { Estate } from '../src/model/estate.ts';
import type { ObjectId } from '../src/model/object.ts';
import { lazyRoot, type Root, stateOf } from '../src/model/state.ts';

function root(kind: string, name: string, statement: string): Root {
  const id: ObjectId = { kind, path: [name] };
  return lazyRoot(id, statement, () => rootKind(kind).parse({ id, statement }));
}

const USER = 'HOST ANY DEFAULT ROLE ALL GRANTEES ANY';
const LIVE = [
  root('user', 'app', `CREATE USER \`app\` IDENTIFIED WITH sha256_password BY '[HIDDEN]' ${USER}`),
  root(
    'user',
    'door',
    `CREATE USER \`door\` IDENTIFIED WITH http SERVER '[HIDDEN]' SCHEME '[HIDDEN]' ${USER}`,
  ),
  root('user', 'file', `CREATE USER \`file\` IN users_xml IDENTIFIED WITH no_password ${USER}`),
  root('role', 'reader', 'CREATE ROLE `reader` SETTINGS max_threads = 2 MAX 8 CONST'),
  root('grant', 'roles TO app', 'TO `app`: GRANT `reader`; GRANT `writer` WITH ADMIN OPTION'),
  root('grant', '*.* TO file', 'TO `file` IN users_xml: GRANT ALL ON *.*'),
  root(
    'grant',
    'shop.orders TO reader',
    'TO `reader`: GRANT SELECT ON `shop`.`orders`; GRANT INSERT(`id`, `na me`) ON `shop`.`orders` WITH GRANT OPTION; REVOKE SELECT(`secret`) ON `shop`.`orders`',
  ),
];

test('users of statements are imported with their rights, those of the configuration files are not', () => {
  const unmanaged = LIVE.slice(0, 4).map(({ id }) => id);
  const plan = { clusters: [{ cluster: 'test', nodes: [{ node: 'one', unmanaged }] }] };
  const survey = { plan, states: new Map([['one', stateOf(LIVE)]]) } as unknown as Survey;
  const estate = { objects: [] } as unknown as Estate;
  const { found, findings } = collect(survey, estate, { all: false });
  expect(findings).toEqual([]);
  const texts = found.map(({ root: one }) => {
    const kind = rootKind(one.id.kind);
    try {
      return writeDocument({ kind: kind.document as 'User', description: kind.describe(one.tree()) });
    } catch (error) {
      return (error as Error).message;
    }
  });
  expect(texts.join('---\n')).toMatchInlineSnapshot(`
    "kind: User
    name: app
    identified:
      with: sha256_password
      password: { secret: APP_PASSWORD }
    ---
    the server does not show what its http asks; declare it by hand---
    kind: Role
    name: reader
    settings:
      max_threads: { value: 2, max: 8, writability: const }
    ---
    kind: Grant
    to: app
    roles:
      - reader
      - { role: writer, admin_option: true }
    ---
    kind: Grant
    to: reader
    target: shop.orders
    privileges:
      - SELECT
      - { privilege: "INSERT(id, \`na me\`)", grant_option: true }
    revoked: [SELECT(secret)]
    "
  `);
});
