/** Reads from the clusters' journals how far the estate's history has been applied. */
import { connect, ServerError } from '../live/server.ts';
import type { Estate } from '../model/estate.ts';

const JOURNAL_TIMEOUT = 10_000;

/** Of the commits that were last applied whole on each cluster, the one that was applied first; undefined where none is known. */
export async function lastCommit(estate: Estate): Promise<string | undefined> {
  const commits: { readonly commit: string; readonly started: string }[] = [];
  for (const { nodes } of estate.clusters) {
    const [first] = nodes;
    if (!first) continue;
    const server = connect(first);
    try {
      const rows = await server.rows<[string, string]>(
        `SELECT commit, toString(max(started)) AS last FROM plumbline.journal FINAL WHERE commit != ''
         GROUP BY run, commit HAVING countIf(outcome != 'done') = 0 ORDER BY last DESC LIMIT 1`,
        { timeout: JOURNAL_TIMEOUT },
      );
      commits.push(...rows.map(([commit, started]) => ({ commit, started })));
    } catch (error) {
      // No journal yet, or no node: more merges are asked about than need be.
      if (!(error instanceof ServerError)) throw error;
    } finally {
      await server.close();
    }
  }
  return commits.toSorted((a, b) => (a.started < b.started ? -1 : 1))[0]?.commit;
}
