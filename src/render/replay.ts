/** How a member answers the queries of another goes in; lines for people, or Markdown, come out. */
import type { createColors } from 'picocolors';
import {
  isDifference,
  REPLAY_CLASSES,
  type Replay,
  type ReplayClass,
  type ReplayedQuery,
} from '../model/replay.ts';
import { code, fenced, prose } from './markdown-escape.ts';
import { sqlLines } from './sql-lines.ts';
import { counted, formatCount, formatDuration } from './units.ts';
import { visible } from './visible.ts';
import { wrap } from './wrap.ts';

type Colours = ReturnType<typeof createColors>;

const WIDTH = 100;

const WORDS: Readonly<Record<ReplayClass, string>> = {
  error: 'fails',
  schema: 'gives other columns',
  result: 'gives other rows',
  order: 'gives another order',
  slower: 'is slower',
  'not repeatable': 'gives other rows every time',
  'not compared': 'not compared',
  same: 'same',
};

/** The worst first; within a class as they were given, the newest first. */
function ranked(queries: readonly ReplayedQuery[]): ReplayedQuery[] {
  return REPLAY_CLASSES.flatMap((one) => queries.filter(({ became }) => became === one));
}

function counts(queries: readonly ReplayedQuery[]): string {
  const told = [...REPLAY_CLASSES].reverse().flatMap((one) => {
    const size = queries.filter(({ became }) => became === one).length;
    return size === 0 ? [] : [`${formatCount(size)} ${WORDS[one]}`];
  });
  return `${counted(queries.length, 'query shape')}: ${told.join(' · ')}`;
}

function times({ here, there, count }: ReplayedQuery): string {
  const asked = count === undefined ? [] : [`asked ${counted(count, 'time')}`];
  const took =
    here === undefined || there === undefined ? [] : [`${formatDuration(here)} → ${formatDuration(there)}`];
  return [...asked, ...took].join(', ');
}

const sql = ({ query }: ReplayedQuery): string[] => sqlLines(query, WIDTH - 4).map(visible);

const head = ({ member, compatibility, federation }: Replay): string =>
  `${member} with compatibility ${compatibility}, for federation ${federation}`;

export function renderReplay(replay: Replay, colours: Colours): string {
  const shown = ranked(replay.queries).filter(({ became }) => became !== 'same');
  const blocks = shown.map((one) => {
    const paint = isDifference(one) ? colours.red : colours.dim;
    const note = times(one);
    return [
      `${paint(`${isDifference(one) ? '✗' : '·'} ${WORDS[one.became]}`)}${note ? colours.dim(`  ${note}`) : ''}`,
      ...sql(one).map((line) => `    ${line}`),
      ...(one.seen ? wrap(visible(one.seen), WIDTH - 4).map((line) => `  ${line}`) : []),
      ...(one.fix ? wrap(`→ ${one.fix}`, WIDTH - 4).map((line) => `  ${line}`) : []),
      '',
    ].join('\n');
  });
  return `${[visible(head(replay)), '', ...blocks, counts(replay.queries)].join('\n')}\n`;
}

export function renderReplayMarkdown(replay: Replay): string {
  const blocks = ranked(replay.queries)
    .filter(({ became }) => became !== 'same')
    .flatMap((one) => {
      const note = times(one);
      return [
        `#### ${prose(WORDS[one.became])}${note ? ` (${prose(note)})` : ''}`,
        ...(one.seen ? [prose(one.seen)] : []),
        ...(one.fix ? [`**To fix:** ${prose(one.fix)}`] : []),
        fenced('sql', sql(one)).join('\n'),
      ];
    });
  const title = `### ${code(replay.member)} with compatibility ${code(replay.compatibility)}`;
  return `${[title, prose(counts(replay.queries)), ...blocks].join('\n\n')}\n`;
}
