/** Roles, with the settings that they bring; what they may do is granted apart. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier } from '../sql/quote.ts';
import { isReadOnly, rowsBy, storageText, storageWords, textOf } from './access-row.ts';
import { accessRule, accessStatement, readStorage } from './access-rule.ts';
import {
  declareElements,
  describeElements,
  type Elements,
  type ElementsDeclaration,
  elementsOfRows,
  elementsText,
  readElements,
  sameSettings,
} from './access-settings.ts';
import { canonicalSettings } from './canonical-settings.ts';
import type { RootKind } from './kind.ts';
import { said } from './said.ts';

export type Role = Elements &
  Readonly<{
    /** Where no statement changes it. */
    storage: string | undefined;
  }>;

const nameOf = ({ root }: Tree): string => identifier(root.id.path[0] ?? '');

const createText = (tree: Tree): string => {
  const role = tree.root.attributes as Role;
  return `CREATE ROLE ${nameOf(tree)}${storageWords(role.storage)}${elementsText(role)}`;
};

function readRole(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE ROLE');
  cursor.name();
  const storage = readStorage(cursor);
  const attributes = { ...readElements(cursor), storage };
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes }, parts: [] };
}

export const role: RootKind<Role> = {
  name: 'role',
  document: 'Role',
  attributes: { settings: accessRule(sameSettings), profiles: accessRule(), storage: 'ignore' },
  declare(declared) {
    const value = declared.value as ElementsDeclaration & { readonly name: string };
    const place = declared.place();
    const id = { kind: 'role', path: [value.name] };
    const attributes = { ...declareElements(value), storage: undefined };
    return { root: { id, attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const [roles, elements] = await Promise.all([
      server.access('roles'),
      server.access('settings_profile_elements'),
    ]);
    const byRole = rowsBy(elements, 'role_name');
    return roles.map((row) => {
      const name = textOf(row, 'name') ?? '';
      const settings = elementsOfRows(byRole.get(name) ?? []);
      return {
        id: { kind: 'role', path: [name] },
        statement: `CREATE ROLE ${identifier(name)}${storageText(row)}${settings}`,
      };
    });
  },
  comesWithServer: isReadOnly,
  parse: (live) => readRole(live.statement, live.id),
  async normalise(tree, server) {
    const settings = await canonicalSettings((tree.root.attributes as Role).settings, server);
    return { root: { ...tree.root, attributes: { ...tree.root.attributes, settings } }, parts: [] };
  },
  create: (to) => accessStatement(createText(to), 'a new role, which may do nothing yet'),
  // What is not said behind SETTINGS is gone after the statement; NONE takes everything away.
  alter: (to) => [
    accessStatement(
      `ALTER ROLE ${nameOf(to)}${elementsText(to.root.attributes as Role) || ' SETTINGS NONE'}`,
      'settings of everybody who has the role',
    ),
  ],
  drop: (from) =>
    accessStatement(
      `DROP ROLE ${nameOf(from)}`,
      'everybody who has the role loses what it may do',
      'destructive',
    ),
  describe: ({ root }) => said({ name: root.id.path[0], ...describeElements(root.attributes as Role) }),
};
