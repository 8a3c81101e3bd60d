/** Two versions of a table go in; whether rows that the old engine hides would be seen in the new one comes out: as a hazard, and as a query that ends a rebuild. */
import type { Tree } from '../model/object.ts';
import type { Hazard } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { literal } from '../sql/quote.ts';
import { hazard } from './drafts.ts';
import type { Storage } from './storage.ts';
import { engineOf } from './table-engine.ts';

const REPLACING = 'ReplacingMergeTree';

/** Parameters of a ReplacingMergeTree: the version, and whether a row is deleted. */
const hides = (engine: string): number => {
  const { name, parameters } = engineOf(engine);
  if (name !== REPLACING) return 0;
  return parameters.trim() === '' ? 1 : new Cursor(parameters).list().length + 1;
};

const DELETED = 3;

export interface HiddenRows {
  readonly hazard: Hazard;
  /** One text where `{live}` has such rows, as a proof of a rebuild has them. */
  readonly proof: string;
}

/** Undefined where the new engine hides what the old one hid. */
export function hiddenRows(to: Tree, from: Tree): HiddenRows | undefined {
  const [live, desired] = [from, to].map(({ root }) => hides((root.attributes as Storage).engine));
  if (!live || (desired && (desired >= live || live < DELETED))) return undefined;
  const merge = `OPTIMIZE TABLE … FINAL${live === DELETED ? ' CLEANUP' : ''}`;
  const way = `merge them away (${merge}), or insert what FINAL shows into a table of another name`;
  return {
    hazard: hazard(
      'changes results',
      `the new table would show rows that FINAL hides: while there are any, the rebuild ends and nothing is changed; ${way}`,
    ),
    proof:
      `SELECT concat(toString(\`hidden\`), ${literal(` rows that FINAL hides would be seen: ${way}`)})` +
      ' FROM (SELECT (SELECT count() FROM {live} SETTINGS final = 0) - (SELECT count() FROM {live} FINAL) AS `hidden`) WHERE `hidden` > 0',
  };
}
