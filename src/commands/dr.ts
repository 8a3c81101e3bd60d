/** `plumbline dr status` and `plumbline dr compare`: how the sites of the declared pairs stand to each other. */
import { join } from 'node:path';
import type { Depth } from '../dr/comparison.ts';
import { type PairStatus, pairStatus } from '../dr/pair-status.ts';
import { openSettled, type Settled } from '../live/settled.ts';
import type { DrPair } from '../model/dr-pair.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import { nearest } from '../model/nearest.ts';
import { renderStatusMarkdown } from '../render/dr-markdown.ts';
import { renderStatus } from '../render/dr-status.ts';
import { renderJson } from '../render/json.ts';
import { type EstateOptions, type OpenEstate, openDeclaredEstate, workFolder } from './estate-options.ts';
import type { DR_FORMATS } from './formats.ts';
import { newRun } from './identity.ts';
import type { Output } from './output.ts';

export interface DrOptions extends EstateOptions {
  readonly format: (typeof DR_FORMATS)[number];
  readonly pair?: readonly string[] | undefined;
  readonly record?: true | undefined;
  /** Patterns. */
  readonly table?: readonly string[] | undefined;
  readonly depth?: Depth | undefined;
}

/** Every declared pair, or those of these names. Throws a PlumblineError for one that is not declared. */
export function chosenPairs({ pairs }: Estate, names?: readonly string[]): readonly DrPair[] {
  if (pairs.length === 0) throw new PlumblineError('No DrPair is declared under clusters/.');
  const known = pairs.map(({ name }) => name);
  for (const name of names ?? []) {
    const meant = nearest(name, known);
    const hint = meant === undefined ? `; there are ${known.join(', ')}.` : `; did you mean ${meant}?`;
    if (!known.includes(name)) throw new PlumblineError(`No pair is called \`${name}\`${hint}`);
  }
  return pairs.filter(({ name }) => names?.includes(name) ?? true);
}

/** What is not compared this time must not be forgotten. */
function provenOf(folder: string, isPart: boolean): Settled {
  const proven = openSettled(join(workFolder(folder), 'dr-proven.json'));
  return isPart ? { ...proven, save: () => {} } : proven;
}

/** One pair after the other, since each reads all it can; none is begun once it is to stop. */
export async function statusOf(
  opened: OpenEstate,
  options: Pick<DrOptions, 'estate' | 'pair' | 'table' | 'depth' | 'record'>,
  shouldStop: () => boolean = () => false,
): Promise<PairStatus[]> {
  const pairs = chosenPairs(opened.estate, options.pair);
  const proven = provenOf(options.estate, Boolean(options.pair ?? options.table ?? options.depth));
  const keepFor = options.record && (await newRun(options.estate));
  const { connectTimeout, resolve } = opened;
  const { depth, table: tables } = options;
  const statuses: PairStatus[] = [];
  for (const pair of pairs) {
    if (shouldStop()) break;
    const asked = { connectTimeout, resolve, proven, keepFor, depth, tables };
    statuses.push(await pairStatus(opened.estate, pair, asked));
  }
  return statuses;
}

/** 1 when something could not be known, 2 when the sites differ, 0 when they don't; hot partitions are for the next time. */
export function statusExitCode(statuses: readonly PairStatus[]): number {
  const isUnknown = ({ active, failures, nodes, unkept }: PairStatus): boolean =>
    active === undefined ||
    failures.length + unkept.length > 0 ||
    nodes.some(({ unreadable }) => unreadable !== undefined);
  if (statuses.some(isUnknown)) return 1;
  const tables = statuses.flatMap(({ shards }) => shards.flatMap((shard) => shard.tables));
  const differs = tables.some(
    ({ verdict, partitions }) =>
      verdict !== 'compared' || partitions.some((one) => one.verdict !== 'equal' && one.verdict !== 'hot'),
  );
  return differs ? 2 : 0;
}

export async function dr(options: DrOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const pairs = await statusOf(opened, options);
    if (options.format === 'json') output.result(renderJson({ pairs }));
    else if (options.format === 'markdown') output.result(renderStatusMarkdown(pairs));
    else output.result(renderStatus(pairs, { colour: output.colour }));
    for (const { pair, failback } of pairs)
      if (failback.announced) output.note(`FAILBACK READY: ${pair}, after ${failback.streak} clean checks`);
    return statusExitCode(pairs);
  } finally {
    await opened.close();
  }
}
