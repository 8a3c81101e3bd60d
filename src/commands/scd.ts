/** `plumbline scd load`, `check` and `expire`: rows into tables with history, the proof that these are right, and old versions out of them. */
import pc from 'picocolors';
import { PlumblineError } from '../model/errors.ts';
import { renderJson } from '../render/json.ts';
import { renderChecks, renderExpired } from '../render/scd.ts';
import { checkHistories } from '../scd/check.ts';
import { expireJobs, expireVersions } from '../scd/expire.ts';
import { chosenTables, chosenTenants, loadJobs } from '../scd/jobs.ts';
import { runLoads } from '../scd/run-loads.ts';
import { type EstateOptions, openDeclaredEstate } from './estate-options.ts';
import type { SCD_FORMATS } from './formats.ts';
import { newRun } from './identity.ts';
import { showLoads } from './load-progress.ts';
import type { Output } from './output.ts';
import { stopOnSignal } from './stop-on-signal.ts';

interface ScdOptions extends EstateOptions {
  readonly tenant?: readonly string[] | undefined;
  readonly table?: readonly string[] | undefined;
  readonly format: (typeof SCD_FORMATS)[number];
}

export interface ScdLoadOptions extends ScdOptions {
  readonly feed?: readonly string[] | undefined;
  readonly lockSeconds: number;
  /** The load's own time, `2026-01-31T12:00:00Z`. */
  readonly at?: string | undefined;
}

export interface ScdExpireOptions extends ScdOptions {
  readonly yes?: true | undefined;
  readonly lockSeconds: number;
}

/** Milliseconds since 1970. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new PlumblineError(`--at takes a time such as 2026-01-31T12:00:00Z, found \`${text}\`.`);
  return time;
}

/** 1 when a load failed or was not run, else 0, whether there was something new or not. */
export async function scdLoad(options: ScdLoadOptions, output: Output): Promise<number> {
  const time = timeOf(options.at);
  const opened = await openDeclaredEstate(options);
  const signals = stopOnSignal(output, 'load');
  const progress = showLoads(output);
  try {
    const jobs = loadJobs(opened.estate, {
      tenants: options.tenant,
      tables: options.table,
      feeds: options.feed,
    });
    const results = await runLoads(jobs, {
      identify: () => newRun(options.estate),
      lockSeconds: options.lockSeconds,
      time,
      ...progress,
      shouldStop: signals.shouldStop,
    });
    if (options.format === 'json') {
      const loads = results.map((result) => {
        const { cluster, scd, feed, tenant } = result.job;
        const what = { cluster: cluster.name, table: `${scd.database}.${scd.name}`, feed: feed.name, tenant };
        const { job: _job, ...became } = result;
        return { ...what, ...became };
      });
      output.result(renderJson({ loads }));
    }
    return results.every((result) => 'report' in result) ? 0 : 1;
  } finally {
    progress.close();
    signals.release();
    await opened.close();
  }
}

/** 1 when something could not be read, 2 when a history is wrong. */
export async function scdCheck(options: ScdOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const tables = chosenTables(opened.estate, options.table);
    const tenants =
      options.tenant && new Set(chosenTenants(opened.estate, options.tenant).map(({ id }) => id));
    const { checks, unchecked } = await checkHistories({ clusters: opened.estate.clusters, tables, tenants });
    if (options.format === 'json') output.result(renderJson({ checks, unchecked }));
    else output.result(renderChecks(checks, unchecked, pc.createColors(output.colour)));
    if (unchecked.length > 0) return 1;
    return checks.some(({ violations }) => violations.length > 0) ? 2 : 0;
  } finally {
    await opened.close();
  }
}

/** 1 when something failed; without `--yes` 2 where there is something to remove, and nothing is changed. */
export async function scdExpire(options: ScdExpireOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const jobs = expireJobs(opened.estate, { tenants: options.tenant, tables: options.table });
    const { yes, lockSeconds } = options;
    const results = await expireVersions(jobs, {
      lockSeconds,
      ...(yes && { identify: () => newRun(options.estate) }),
    });
    if (options.format === 'json') {
      const expired = results.map(({ job: { cluster, scd, tenant }, ...became }) => ({
        ...{ cluster: cluster.name, table: `${scd.database}.${scd.name}`, tenant },
        ...became,
      }));
      output.result(renderJson({ expired }));
    } else output.result(renderExpired(results, pc.createColors(output.colour)));
    if (results.some((result) => 'error' in result)) return 1;
    if (yes || !results.some((result) => 'expired' in result && result.expired.versions > 0)) return 0;
    output.note('Nothing was changed; say --yes to remove these versions for good.');
    return 2;
  } finally {
    await opened.close();
  }
}
