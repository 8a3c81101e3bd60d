/** The order of rights and row policies in a plan: nobody sees more in between than before or after. */
import { expect, test } from 'vitest';
import { rootKind } from '../src/kinds/index.ts';
import { rowPolicyId } from '../src/kinds/row-policy.ts';
import type { ObjectId } from '../src/model/object.ts';
import { lazyRoot, type Root } from '../src/model/state.ts';
import { type Alteration, sequence, type Task } from '../src/plan/sequence.ts';

const policyText = (filter: string): string =>
  `CREATE ROW POLICY \`p\` ON \`d\`.\`t\` AS PERMISSIVE FOR SELECT USING ${filter} TO \`r\``;

const rootOf = (id: ObjectId, statement: string): Root =>
  lazyRoot(id, statement, () => rootKind(id.kind).parse({ id, statement }));

const policy = (filter: string): Root => rootOf(rowPolicyId('p', 'd', 't'), policyText(filter));
const grant = (rights: string): Root => rootOf({ kind: 'grant', path: ['d.t TO r'] }, `TO \`r\`: ${rights}`);

const SELECT = 'GRANT SELECT ON `d`.`t`';

const altered = (live: Root, desired: Root, statement: string): Alteration => ({
  live,
  desired,
  difference: {
    changes: [{ action: 'alter', object: desired.id, attributes: [] }],
    drafts: [{ statements: [statement], verdict: 'metadata', hazards: [] }],
    replaces: false,
  },
  renames: false,
});

const shown = (tasks: readonly Task[]): string[] =>
  tasks.map(({ action, root }) => `${action} ${root.id.kind}`);

const loosened = altered(policy("tenant = 'a'"), policy('1'), 'ALTER ROW POLICY …');
const given = altered(grant('GRANT NONE ON `d`.`t`'), grant(SELECT), `${SELECT} TO \`r\``);
const taken = altered(grant(SELECT), grant('GRANT NONE ON `d`.`t`'), 'REVOKE SELECT ON `d`.`t` FROM `r`');

test('a policy is there before the rights on what it hides, and goes after them', () => {
  expect(shown(sequence([grant(SELECT), policy('1')], [], []))).toEqual([
    'create row policy',
    'create grant',
  ]);
  expect(shown(sequence([], [], [policy('1'), grant(SELECT)]))).toEqual(['drop grant', 'drop row policy']);
});

test('rights that are given wait for policies, and those that are taken do not', () => {
  expect(shown(sequence([], [given, loosened], []))).toEqual(['alter row policy', 'alter grant']);
  expect(shown(sequence([], [taken, loosened], []))).toEqual(['alter grant', 'alter row policy']);
  expect(shown(sequence([policy('1')], [given], []))).toEqual(['create row policy', 'alter grant']);
});

test('a policy is dropped when the rights on what it hides are taken', () => {
  expect(shown(sequence([], [taken], [policy('1')]))).toEqual(['alter grant', 'drop row policy']);
});
