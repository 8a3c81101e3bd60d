/** Loads and checks of tables with history go in; lines for people come out. */
import type { createColors } from 'picocolors';
import type { TenantCheck, Unchecked } from '../scd/check.ts';
import type { ExpireResult } from '../scd/expire.ts';
import type { LoadResult } from '../scd/run-loads.ts';
import { counted, formatBytes, formatCount, formatDuration } from './units.ts';
import { visible } from './visible.ts';

type Colours = ReturnType<typeof createColors>;

/** `✓ community-1  avesa.companies acme (companies): 1,000 rows read, 20 opened …`, and what is to be read about it below. */
export function loadLine(result: LoadResult, colours: Colours): string {
  const { scd, feed, tenant } = result.job;
  const what = `${scd.database}.${scd.name} ${tenant} (${feed.name})`;
  if ('notRun' in result) return visible(`· ${what}: not run`);
  if ('error' in result)
    return `${colours.red('✗')} ${visible(`${result.node}  ${what}`)}\n    failed: ${visible(result.error)}`;
  const { node, record, notes, milliseconds } = result.report;
  const { read, bad, opened, closed, deleted, retracted, written } = record;
  const counts = [
    [opened, 'opened'],
    [closed, 'closed'],
    [deleted, 'deleted'],
    [retracted, 'taken back'],
    [bad, 'bad'],
  ] as const;
  const said = counts.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`);
  const done = written === 0 && bad === 0 ? ['nothing new'] : said;
  const line = `${node}  ${what}: ${[`${counted(read, 'row')} read`, ...done].join(', ')}`;
  return [
    `${colours.green('✓')} ${visible(line)}  ${colours.dim(formatDuration(milliseconds))}`,
    ...notes.map((note) => `    ${visible(note)}`),
  ].join('\n');
}

export function renderChecks(
  checks: readonly TenantCheck[],
  unchecked: readonly Unchecked[],
  colours: Colours,
): string {
  const lines = checks.map(({ node, table, tenant, keys, live, versions, violations }) => {
    const sign = violations.length === 0 ? colours.green('✓') : colours.red('✗');
    const counts = `${counted(keys, 'key')}, ${formatCount(live)} of them live, ${counted(versions, 'version')}`;
    const wrong = violations.map(
      ({ rule, count, example }) =>
        `\n    ${counted(count, 'version')}: ${visible(rule)} (key ${visible(example)})`,
    );
    return `${sign} ${visible(`${node}  ${table} ${tenant}`)}: ${counts}${wrong.join('')}`;
  });
  const unread = unchecked.map(
    ({ node, table, reason }) => `${colours.red('?')} ${visible(`${node}  ${table}`)}: ${visible(reason)}`,
  );
  const all = [...lines, ...unread];
  return `${all.length === 0 ? 'No tenant has rows.' : all.join('\n')}\n`;
}

/** What ended before a tenant's retention, and whether it is gone now. */
export function renderExpired(results: readonly ExpireResult[], colours: Colours): string {
  const lines = results.map((result) => {
    const { node, job } = result;
    const what = visible(`${node}  ${job.scd.database}.${job.scd.name} ${job.tenant}`);
    if ('error' in result) return `${colours.red('✗')} ${what}\n    failed: ${visible(result.error)}`;
    const { expired, removed, limit } = result;
    const { versions, rows, bytes, kept } = expired;
    if (versions === 0) return `${colours.green('✓')} ${what}: nothing is older than its retention`;
    const much = `${counted(versions, 'version')} that ended before ${new Date(limit).toISOString().slice(0, 10)}`;
    const size = `${counted(rows, 'row')}, about ${formatBytes(bytes)}; ${formatCount(kept)} stay`;
    const sign = removed ? colours.green('✓') : colours.red('-');
    return `${sign} ${what}: ${much} ${removed ? 'removed' : 'would be removed'} (${size})`;
  });
  return `${lines.join('\n')}\n`;
}
