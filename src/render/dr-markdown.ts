/** The status of pairs goes in, Markdown for a workflow's summary or an issue comes out. Values of keys are left out: many may read it. */
import type { PairStatus } from '../dr/pair-status.ts';
import { directionWords, failbackWords } from './dr-status.ts';
import { shownTables, tableWords } from './dr-table.ts';
import { code, prose } from './markdown-escape.ts';

/** Tables that are told one by one. */
const TABLES = 200;
const PARTITIONS = 10;

function tableRows(status: PairStatus): string[] {
  return shownTables(status)
    .slice(0, TABLES)
    .map(({ name, table }) => {
      const unequal = table.partitions
        .filter(({ verdict }) => verdict !== 'equal')
        .map(({ partition }) => partition);
      const shown = unequal.slice(0, PARTITIONS).map(code).join(' ');
      const more = unequal.length > PARTITIONS ? ` and ${unequal.length - PARTITIONS} more` : '';
      return `| ${code(name)} | ${prose(tableWords(table))} | ${shown}${more}${prose(table.reason)} |`;
    });
}

/** Lines for one pair, below a heading of its own. */
export function pairMarkdown(status: PairStatus): string[] {
  const rows = tableRows(status);
  const silent = status.nodes.flatMap(({ node, unreadable }) =>
    unreadable === undefined ? [] : [`${node} does not answer: ${unreadable}`],
  );
  const wrong = [...silent, ...status.failures, ...status.unkept];
  return [
    `### Pair ${code(status.pair)}`,
    '',
    `${prose(directionWords(status))}.`,
    '',
    ...wrong.map((text) => `- ✗ ${prose(text)}`),
    ...(wrong.length > 0 ? [''] : []),
    ...(rows.length > 0 ? ['| table | partitions | which |', '|---|---|---|', ...rows, ''] : []),
  ];
}

/** Ends in a newline. */
export function renderStatusMarkdown(pairs: readonly PairStatus[]): string {
  return `${pairs
    .flatMap((status) => [...pairMarkdown(status), `${prose(failbackWords(status))}.`, ''])
    .join('\n')
    .trimEnd()}\n`;
}
