/** A node's live state goes in; the same with what its server hides and the journal knows comes out. */
import { ROOT_KINDS } from '../kinds/index.ts';
import { UnshownError } from '../live/read-beside.ts';
import type { Server } from '../live/server.ts';
import { withWritten } from '../live/written.ts';
import type { Finding } from '../model/finding.ts';
import type { State } from '../model/state.ts';

/** A plan without the journal takes what servers hide for equal, which must be told where such an object is declared. */
export async function readWritten(
  live: State,
  journal: Server | undefined,
  { node }: Server,
  declared: ReadonlySet<string>,
  timeout: number,
): Promise<{ readonly state: State; readonly findings: readonly Finding[] }> {
  try {
    return { state: await withWritten(live, journal, node.name, timeout), findings: [] };
  } catch (error) {
    if (!(error instanceof UnshownError)) throw error;
    const kinds = ROOT_KINDS.filter((kind) => kind.written && declared.has(kind.name));
    const message = `changed values of ${kinds.map(({ name }) => `${name}s`).join(', ')} are not seen: ${error.message}`;
    const finding: Finding = { severity: 'warning', rule: 'not-shown', message, node: node.name };
    return { state: live, findings: kinds.length > 0 ? [finding] : [] };
  }
}
