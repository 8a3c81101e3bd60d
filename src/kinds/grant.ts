/** Grants: all that a user or a role may do on one target, or all the roles that it has; what is not said is revoked. */
import type { Tree } from '../model/object.ts';
import type { StatementDraft } from '../model/step.ts';
import { identifier } from '../sql/quote.ts';
import { accessRule, accessStatement } from './access-rule.ts';
import { declareGiven, describeGiven, type GrantDeclaration } from './grant-declaration.ts';
import { type Grant, grantId, grantOf, grantText, ROLES } from './grant-form.ts';
import { parseGrant, readGrants } from './grant-read.ts';
import { askedOn, elementText, type Given, marksOf } from './grant-rights.ts';
import { declareTarget, describeTarget } from './grant-text.ts';
import { grantsTogether } from './grants-together.ts';
import type { RootKind } from './kind.ts';
import { privilegesOf, privilegesText } from './privileges.ts';
import { targetKey, targetOf } from './rights.ts';
import { said } from './said.ts';

/** What a server's own text says nothing of. */
const NEW = { listed: undefined, statements: [], excess: undefined, storage: undefined } as const;

const givenIn = (rights: Given): string[] => Object.keys(rights).filter((key) => rights[key] !== 'revoked');

/** GRANT on what lies around an exception grants the exception too, for a moment: that needs somebody's permission. */
function draftOf(tree: Tree): StatementDraft {
  const { to, statements, excess } = grantOf(tree);
  if (excess === undefined) return accessStatement(statements, `what ${to} may do`);
  const moment = `until the last statement has run, ${to} may also ${excess}: no statement grants with an exception`;
  return accessStatement(statements, moment, 'destructive');
}

export const grant: RootKind<Grant> = {
  name: 'grant',
  document: 'Grant',
  attributes: {
    to: 'ignore',
    target: 'ignore',
    rights: accessRule<Given>((_live, _desired, { to }) => grantOf(to).statements.length === 0),
    listed: 'ignore',
    statements: 'ignore',
    excess: 'ignore',
    storage: 'ignore',
  },
  declare(declared) {
    const value = declared.value as GrantDeclaration;
    const place = declared.place();
    const target = value.target === undefined ? undefined : targetKey(declareTarget(value.target));
    const attributes: Grant = { ...NEW, to: value.to, target, rights: declareGiven(value) };
    return { root: { id: grantId(value.to, target), attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const grants = await readGrants(server);
    return grants.map((one) => {
      const id = grantId(one.to, one.target);
      return { id, statement: grantText({ root: { id, attributes: { ...NEW, ...one } }, parts: [] }) };
    });
  },
  comesWithServer: (statement) => parseGrant(statement).storage !== undefined,
  concerns: (statement) => {
    const { to } = parseGrant(statement);
    return [
      { kind: 'user', path: [to] },
      { kind: 'role', path: [to] },
    ];
  },
  parse: ({ id, statement }) => ({
    root: { id, attributes: { ...NEW, ...parseGrant(statement) } },
    parts: [],
  }),
  async normalise(tree, server) {
    const { target: key, rights: asked } = grantOf(tree);
    if (key === undefined) return tree;
    const rows = await server.privileges();
    const privileges = privilegesOf(rows);
    const target = targetOf(key);
    const rights = askedOn(target, marksOf(target, asked, privileges.expand), privileges);
    const listed = privilegesText(rows);
    return { ...tree, root: { ...tree.root, attributes: { ...tree.root.attributes, rights, listed } } };
  },
  together: grantsTogether,
  // Whoever has a role comes into its rights when all of them are as they should be.
  late: ({ path: [name = ''] }) => name.startsWith(`${ROLES} TO `),
  text: grantText,
  create: (to) => draftOf(to),
  alter: (to) => [draftOf(to)],
  isException: (statement) => givenIn(parseGrant(statement).rights).length === 0,
  drop(from) {
    const { to, target, rights } = grantOf(from);
    const given = givenIn(rights);
    if (given.length === 0) return accessStatement([], `${to} may do again what was taken away here`);
    const what =
      target === undefined ? given.map(identifier).join(', ') : elementText(targetOf(target), given);
    return accessStatement(`REVOKE ${what} FROM ${identifier(to)}`, `${to} may do less`);
  },
  describe({ root }) {
    const { to, target, rights } = root.attributes as Grant;
    return said({
      to,
      target: target === undefined ? undefined : describeTarget(targetOf(target)),
      ...describeGiven(rights, target === undefined),
    });
  },
};
