/** What runs that are no more have left of rebuilds goes in; the live state without it, and the steps that end it, come out. */

import { rootKind } from '../kinds/index.ts';
import { clearing, finishing } from '../kinds/rebuild-sql.ts';
import { BORROWED } from '../kinds/table-rebuild.ts';
import { nameKey, pathKey } from '../model/object.ts';
import type { LeftRebuild } from '../model/rebuild.ts';
import { lazyRoot, type Root, type State } from '../model/state.ts';
import type { Change, Step } from '../model/step.ts';
import { fingerprint } from './fingerprint.ts';

const tableOf = ({ path }: LeftRebuild): string => pathKey(path);

/** The keys of the tables that the rebuilds made beside theirs. */
export function leftNames(left: readonly LeftRebuild[]): ReadonlySet<string> {
  return new Set(
    left.flatMap(({ path: [database = ''], rebuild: { shadow, late } }) =>
      [shadow, late].map((name) => pathKey([database, name])),
    ),
  );
}

/** The table with settings of its own in place of those that were borrowed meanwhile. */
export function withOwnSettings(
  root: Root,
  borrowed: readonly string[],
  own: Readonly<Record<string, string>>,
): Root {
  const tree = root.tree();
  const settings = tree.root.attributes.settings as Readonly<Record<string, string>>;
  const kept = Object.entries(settings).filter(([name]) => !borrowed.includes(name));
  const attributes = { ...tree.root.attributes, settings: { ...Object.fromEntries(kept), ...own } };
  const mended = { ...tree, root: { ...tree.root, attributes } };
  const draft = rootKind(root.id.kind).create(mended);
  const statement = 'statements' in draft ? (draft.statements[0] ?? '') : '';
  return lazyRoot(root.id, statement, () => mended, root);
}

/** The live state as it will be when the rebuilds have given back what they borrowed. */
export function withoutBorrowed(live: State, left: readonly LeftRebuild[]): State {
  const mended = new Map(live);
  for (const rebuild of left) {
    const root = live.get(tableOf(rebuild));
    if (root?.id.kind !== 'table') continue;
    const { settings } = rebuild.rebuild;
    mended.set(
      tableOf(rebuild),
      withOwnSettings(root, BORROWED, settings[rebuild.exchanged ? 'to' : 'from']),
    );
  }
  return mended;
}

function leftStep(left: LeftRebuild): Step {
  const { path, rebuild, exchanged } = left;
  const object = { kind: 'table', path };
  const to = exchanged ? 'copy the late rows and end it' : 'clear it away; no row of the table is touched';
  const change: Change = {
    action: 'alter',
    object,
    attributes: [{ name: 'unfinished rebuild', from: rebuild.id, to }],
  };
  return {
    action: 'alter',
    object,
    statements: exchanged ? finishing(path, rebuild) : clearing(path, rebuild),
    verdict: exchanged ? 'mutation' : 'metadata',
    hazards: [],
    changes: [change],
    refusals: [],
    fingerprint: fingerprint(JSON.stringify(left)),
    ...(exchanged && { rebuild }),
  };
}

/** What is left of a table that is rebuilt now needs no step of its own: the rebuild clears it first. */
export function leftSteps(left: readonly LeftRebuild[], steps: readonly Step[]): Step[] {
  const rebuilt = new Set(steps.filter(({ rebuild }) => rebuild).map(({ object }) => nameKey(object)));
  return left.filter((one) => one.exchanged || !rebuilt.has(tableOf(one))).map(leftStep);
}
