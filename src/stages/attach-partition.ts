/** Shows the rows of a copied partition to readers, exactly once, whenever and however often it is killed and begun again. */
import { pathKey } from '../model/object.ts';
import { attachDue, dueKey, openTable } from './attach-table.ts';
import type { ExportMemory } from './export-memory.ts';
import { ExportError, type ExportRun, goOn, sender } from './export-run.ts';
import { once } from './once.ts';

/**
 * The first of a table's partitions opens it for all of them, the last one closes it. Throws ExportError, and ServerError where a
 * node does not answer: then the next run goes on from here.
 */
export async function attachPartition(run: ExportRun): Promise<void> {
  const { target, path, order, memory } = run;
  goOn(run);
  const send = sender(run);
  const key = JSON.stringify([target.node.name, order.federation, pathKey(path)]);
  const table = await once(memory.tables, key, () => openTable(run, send));
  const due = table.due.get(dueKey(run));
  if (!due) throw new ExportError('lost staging', run, 'nothing was copied yet; plan again');
  try {
    await attachDue(due, send);
    table.done.add(dueKey(run));
    if (table.done.size < table.due.size) return;
    await table.close(send);
    memory.tables.delete(key);
  } catch (error) {
    // What became of it is for the next run to find out; until then parts stay apart.
    memory.tables.delete(key);
    throw error;
  }
}

/** Closes tables of which not all partitions were reached, so that nothing stays borrowed. Throws what one of them threw. */
export async function closeTables({ tables }: ExportMemory): Promise<void> {
  const open = [...tables.values()];
  tables.clear();
  const closed = await Promise.allSettled(
    open.map(async (opening) => {
      const { run, close } = await opening;
      await close(sender({ ...run, queryId: `${run.queryId}end-` }));
    }),
  );
  for (const one of closed) if (one.status === 'rejected') throw one.reason;
}
