/** Shows loads while they happen: a line per load that ended, and for a person what the one under way has read and written. */
import pc from 'picocolors';
import type { Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import { loadLine } from '../render/scd.ts';
import { counted, formatBytes } from '../render/units.ts';
import { visible } from '../render/visible.ts';
import type { LoadJob } from '../scd/jobs.ts';
import type { Watch } from '../scd/load.ts';
import type { LoadResult } from '../scd/run-loads.ts';
import { literal } from '../sql/quote.ts';
import type { Output } from './output.ts';
import { spinnerOf } from './progress.ts';

const EVERY = 500;
/** How often a log gets a line about a load that takes long. */
const LOG_EVERY = 10_000;

/** Empty where the statement has not begun or has ended. */
async function readSoFar(server: Server, queryId: string): Promise<string> {
  const [row] = await server.rows<[number, number, number]>(
    `SELECT read_rows, read_bytes, written_rows FROM system.processes WHERE query_id = ${literal(queryId)}`,
    { settings: { output_format_json_quote_64bit_integers: 0 }, timeout: 5000 },
  );
  if (!row) return '';
  const [read, bytes, written] = row;
  return `: ${counted(read, 'row')} (${formatBytes(bytes)}) read, ${counted(written, 'row')} written`;
}

export interface LoadProgress {
  watch(job: LoadJob, server: Server): Watch;
  ended(result: LoadResult): void;
  close(): void;
}

export function showLoads(output: Output): LoadProgress {
  const colours = pc.createColors(output.live && pc.isColorSupported);
  const spinner = spinnerOf(output);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    spinner?.stop();
  };
  return {
    watch:
      ({ scd, tenant }, server) =>
      (stage, queryId) => {
        clearInterval(timer);
        const what = visible(`${server.node.name} ${scd.database}.${scd.name} ${tenant}: ${stage}`);
        spinner?.start(what);
        const begun = Date.now();
        let told = begun;
        if (queryId === '') return;
        timer = setInterval(async () => {
          if (!spinner && Date.now() - told < LOG_EVERY) return;
          told = Date.now();
          // The load's own statements say what is wrong; this one only looks on.
          const done = await readSoFar(server, queryId).catch((error: unknown) => {
            if (!(error instanceof PlumblineError)) throw error;
            return '';
          });
          if (timer === undefined || done === '') return;
          if (spinner) spinner.text = `${what}${done}`;
          else output.note(`${what}${done}`);
        }, EVERY);
        timer.unref();
      },
    ended(result) {
      stop();
      output.note(loadLine(result, colours));
    },
    close: stop,
  };
}
