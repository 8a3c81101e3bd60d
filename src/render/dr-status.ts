/** The status of pairs goes in, as people read it on a terminal comes out. */
import type { PairStatus } from '../dr/pair-status.ts';
import { partitionWords, type ShownTable, shownTables, tableWords } from './dr-table.ts';
import { joinBlocks } from './text.ts';
import { type Palette, palette } from './text-palette.ts';
import { counted } from './units.ts';
import { visible, visibleName, visibleNode } from './visible.ts';
import { indent, wrap } from './wrap.ts';

const WIDTH = 100;
/** Partitions, and differences in each, that are told one by one. */
const PARTITIONS = 20;
const DIFFERENCES = 5;

/** `active: west, because failover.example.com is 10.0.0.1`. */
export function directionWords({ active, reason }: PairStatus): string {
  return active === undefined
    ? `active: unknown: ${visible(reason)}`
    : `active: ${visibleNode(active)}, because ${visible(reason)}`;
}

/** `FAILBACK READY since 2026-01-01T00:00:00.000Z, after 3 clean checks`, `failback: 1 of 3 clean checks`. */
export function failbackWords({ failback }: PairStatus): string {
  const { ready, readySince, streak, needed } = failback;
  if (ready)
    return `FAILBACK READY since ${readySince}, after ${counted(needed, 'clean check')} (${streak} by now)`;
  return `failback: not ready, ${streak} of ${counted(needed, 'clean check')} in a row`;
}

function nodeLines({ nodes, active, passive }: PairStatus, colours: Palette): string[] {
  const width = Math.max(...nodes.map(({ node }) => node.length));
  return nodes.flatMap(({ node, cluster, version, unreadable }) => {
    const role = { [active ?? '']: 'active ', [passive ?? '']: 'passive' }[cluster] ?? '       ';
    const name = visibleNode(node).padEnd(width);
    if (unreadable === undefined) return [`  ${role}  ${name}  ${colours.good('answers')}  ${version}`];
    const [first = '', ...rest] = wrap(`does not answer: ${visible(unreadable)}`, WIDTH - width - 13);
    return [`  ${role}  ${name}  ${colours.bad(first)}`, ...indent(rest, width + 13)];
  });
}

function tableLines({ name, table, inSync }: ShownTable, width: number, colours: Palette): string[] {
  const paint = inSync ? colours.good : colours.careful;
  const head = `  ${paint(inSync ? '=' : '≠')} ${name.padEnd(width)}  ${tableWords(table)}`;
  const reason = table.reason === '' ? [] : indent(wrap(visible(table.reason), WIDTH - 6), 6);
  const unequal = table.partitions.filter(({ verdict }) => verdict !== 'equal');
  const partitions = unequal
    .slice(0, PARTITIONS)
    .flatMap((one) => [
      ...indent(wrap(`${visibleName(one.partition)}  ${partitionWords(one)}`, WIDTH - 6), 6),
      ...one.differences
        .slice(0, DIFFERENCES)
        .flatMap(({ range, active, passive }) =>
          indent(wrap(`${visible(range)}: ${active.rows} and ${passive.rows} rows`, WIDTH - 8), 8),
        ),
      ...(one.differences.length > DIFFERENCES
        ? [`        and in ${one.differences.length - DIFFERENCES} more ranges`]
        : []),
    ]);
  const more =
    unequal.length > PARTITIONS
      ? [`      and ${counted(unequal.length - PARTITIONS, 'more partition')}`]
      : [];
  return [head, ...reason, ...partitions, ...more];
}

function checkLines({ checks }: PairStatus, colours: Palette): string[] {
  if (checks.length === 0) return [];
  const lines = checks.map(({ time, clean, active, streak }) => {
    const outcome = clean ? colours.good(`clean (${streak} in a row)`) : colours.careful('not clean');
    return `  ${time}  ${active === '' ? 'nobody knew which site was active' : `active ${visibleNode(active)}`}  ${outcome}`;
  });
  return [colours.strong('last checks'), ...lines];
}

function pairBlocks(status: PairStatus, colours: Palette): string[][] {
  const tables = shownTables(status);
  const width = Math.max(0, ...tables.map(({ name }) => name.length));
  const failures = [...status.failures, ...status.unkept].flatMap((text) => {
    const [first = '', ...rest] = wrap(visible(text), WIDTH - 4);
    return [colours.bad(`  ✗ ${first}`), ...indent(rest, 4)];
  });
  const failback = status.failback.ready ? colours.good(failbackWords(status)) : failbackWords(status);
  return [
    [
      colours.strong(`pair ${visibleNode(status.pair)}`),
      `  ${directionWords(status)}`,
      ...nodeLines(status, colours),
      ...failures,
    ],
    tables.length > 0
      ? [colours.strong('tables'), ...tables.flatMap((table) => tableLines(table, width, colours))]
      : [],
    checkLines(status, colours),
    [failback],
  ];
}

/** Ends in a newline. */
export function renderStatus(pairs: readonly PairStatus[], options: { readonly colour: boolean }): string {
  const colours = palette(options.colour);
  if (pairs.length === 0) return 'No pairs are declared.\n';
  return joinBlocks(pairs.flatMap((status) => pairBlocks(status, colours)));
}

/** What `dr watch` says of a check. */
export function renderWatchLine(status: PairStatus): string {
  const { time, pair, active, clean, objections, failback } = status;
  const partitions = status.shards.flatMap(({ tables }) => tables.flatMap((table) => table.partitions));
  const found = clean
    ? `${counted(partitions.length, 'partition')} in sync, clean check ${failback.streak}`
    : objections.map(visible).join('; ');
  const who = active === undefined ? '' : ` (active: ${visibleNode(active)})`;
  return `${time} ${visibleNode(pair)}${who}: ${found}\n`;
}
