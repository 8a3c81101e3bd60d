/** Writes down what a run does, on the cluster it does it to: `plumbline.journal`, one row per step. */

import type { Server } from '../live/server.ts';
import { showId } from '../model/object.ts';
import type { PlannedStep } from '../model/plan.ts';
import type { Outcome, RunIdentity } from '../model/report.ts';
import type { Step } from '../model/step.ts';

export interface Journal {
  /** Says that a step begins, and how those before ended: after a crash the journal shows which were under way. */
  begin(number: number, planned: PlannedStep): Promise<void>;
  /** Is written with the next step's beginning, or with `close`. */
  end(number: number, planned: PlannedStep, outcome: Outcome, error?: string): void;
  close(): Promise<void>;
}

/** A step has two rows until they merge, the later one wins: read it with FINAL. */
const CREATE = `
CREATE TABLE IF NOT EXISTS \`plumbline\`.\`journal\` (
  run String, step UInt32, cluster LowCardinality(String), node LowCardinality(String), object String,
  action LowCardinality(String), verdict LowCardinality(String), statements Array(String),
  started DateTime64(3), ended Nullable(DateTime64(3)), outcome LowCardinality(String), error String,
  commit String, actor String, version UInt8
) ENGINE = ReplacingMergeTree(version) ORDER BY (run, cluster, node, step)
COMMENT 'What plumbline apply did; read it with FINAL'`;

/** What later plans ask for: the text of a file, or of a list with the addresses of it that are ours. */
function writtenDown({ file, registration, statements }: Step): readonly string[] {
  if (registration) return [registration.text, ...registration.owned];
  return file ? [file.text, ...statements] : statements;
}

export async function openJournal(server: Server, identity: RunIdentity): Promise<Journal> {
  await server.run(CREATE);
  const started = new Map<number, string>();
  let pending: string[] = [];
  const note = (number: number, planned: PlannedStep, row: object): void => {
    const { cluster, node, step } = planned;
    const line = JSON.stringify({
      ...identity,
      step: number,
      cluster,
      node,
      object: showId(step.object),
      action: step.action,
      verdict: step.verdict,
      statements: writtenDown(step),
      started: started.get(number),
      ...row,
    });
    pending.push(line);
  };
  const close = async (): Promise<void> => {
    if (pending.length === 0) return;
    // What is noted while these lines are on their way goes with the next ones.
    const lines = pending;
    pending = [];
    try {
      await server.run(`INSERT INTO \`plumbline\`.\`journal\` FORMAT JSONEachRow ${lines.join('\n')}`, {
        settings: { date_time_input_format: 'best_effort', async_insert: 0 },
      });
    } catch (error) {
      pending = [...lines, ...pending];
      throw error;
    }
  };
  return {
    async begin(number, planned) {
      started.set(number, new Date().toISOString());
      note(number, planned, { outcome: 'running', version: 0 });
      await close();
    },
    end: (number, planned, outcome, error = '') =>
      note(number, planned, { outcome, error, ended: new Date().toISOString(), version: 1 }),
    close,
  };
}
