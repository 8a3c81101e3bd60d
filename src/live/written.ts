/** A node's live state goes in, and comes out with what past applies wrote into it where servers hide that, as the journal has it. */
import type { Write } from '../kinds/collection-values.ts';
import { rootKind } from '../kinds/index.ts';
import { nameKey, type ObjectId, showId } from '../model/object.ts';
import { lazyRoot, type Root, type State, stateOf } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { literal } from '../sql/quote.ts';
import { TokenError } from '../sql/tokens.ts';
import { UnshownError } from './read-beside.ts';
import { ACCESS_DENIED, NO_SUCH_TABLE, type Server, ServerError } from './server.ts';

/** The steps of past applies on a node, by the object as people read it. */
async function readWrites(
  journal: Server,
  node: string,
  ids: readonly ObjectId[],
  timeout: number,
): Promise<ReadonlyMap<string, readonly Write[]>> {
  const objects = ids.map((id) => literal(showId(id))).join(', ');
  const rows = await journal.rows<[string, string[], Write['outcome']]>(
    `SELECT object, statements, outcome FROM plumbline.journal FINAL
     WHERE node = ${literal(node)} AND object IN (${objects}) ORDER BY started, run, step`,
    { timeout },
  );
  const writes = new Map<string, Write[]>();
  for (const [object, statements, outcome] of rows)
    writes.set(object, [...(writes.get(object) ?? []), { statements, outcome }]);
  return writes;
}

function rewritten(root: Root, writes: readonly Write[]): Root {
  const kind = rootKind(root.id.kind);
  try {
    const tree = kind.written?.(root.tree(), writes) ?? root.tree();
    const draft = kind.create(tree);
    const statement = 'statements' in draft ? draft.statements[0] : undefined;
    return lazyRoot(root.id, statement ?? root.statement, () => tree, root);
  } catch (error) {
    // What is not understood is told where it is compared.
    if (error instanceof ParseError || error instanceof TokenError) return root;
    throw error;
  }
}

/**
 * `journal` is the node that keeps the journal; where it can't be reached nothing is known. Throws an
 * UnshownError where the user may not read it. `timeout` in milliseconds.
 */
export async function withWritten(
  live: State,
  journal: Server | undefined,
  node: string,
  timeout: number,
): Promise<State> {
  const ids = [...live.values()].flatMap(({ id }) => (rootKind(id.kind).written ? [id] : []));
  if (!journal || ids.length === 0) return live;
  try {
    const writes = await readWrites(journal, node, ids, timeout);
    const known = ids.flatMap((id) => {
      const [root, ofRoot] = [live.get(nameKey(id)), writes.get(showId(id))];
      return root && ofRoot ? [rewritten(root, ofRoot)] : [];
    });
    return new Map([...live, ...stateOf(known)]);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.code === ACCESS_DENIED)
      throw new UnshownError(
        'the user may not read plumbline.journal: GRANT SELECT ON plumbline.journal',
        true,
      );
    // Nothing was applied there yet; and that another node does not answer is told of that one.
    if (NO_SUCH_TABLE.has(error.code) || (error.code === undefined && error.node !== node)) return live;
    throw error;
  }
}
