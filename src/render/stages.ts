/** The stages that federations are to enter go in; the checklist of each comes out, for terminals and for Markdown. */
import type { Condition, StageChange } from '../model/stage.ts';
import { code, prose } from './markdown-escape.ts';
import type { Palette } from './text-palette.ts';
import { visible, visibleNode } from './visible.ts';
import { indent, wrap } from './wrap.ts';

const MARKS = { met: '✓', unmet: '✗', unknown: '?', noted: '·' } as const;

const mark = ({ state, overridden }: Condition): string => (overridden === undefined ? MARKS[state] : '!');

/** `network → switchover`. */
function way({ from, to }: StageChange): string {
  return from === undefined ? to : `${from} → ${to}`;
}

const words = ({ name, seen, overridden }: Condition): string =>
  `${name}: ${seen.join('; ')}${overridden === undefined ? '' : ` (does not count: ${overridden})`}`;

export function conditionLines(conditions: readonly Condition[], colours: Palette, width: number): string[] {
  return conditions.flatMap((condition) => {
    const [first = '', ...rest] = wrap(visible(words(condition)), width - 4);
    const paint = { met: colours.good, unmet: colours.bad, unknown: colours.careful, noted: colours.quiet };
    const painted = condition.overridden === undefined ? paint[condition.state] : colours.careful;
    return [`  ${painted(mark(condition))} ${first}`, ...indent(rest, 4)];
  });
}

export function stageBlocks(stages: readonly StageChange[], colours: Palette, width: number): string[][] {
  return stages.map((change) => [
    colours.strong(`federation ${visibleNode(change.federation)}: ${way(change)}`),
    ...conditionLines(change.conditions, colours, width),
  ]);
}

const MARKDOWN = { met: '✅', unmet: '❌', unknown: '❔', noted: 'ℹ️' } as const;

/** Empty where no federation enters a stage. */
export function stagesSection(stages: readonly StageChange[] = []): string {
  return stages
    .map((change) => {
      const lines = change.conditions.map((condition) => {
        const { state, name, seen, overridden } = condition;
        const why = overridden === undefined ? '' : ` (does not count: ${prose(visible(overridden))})`;
        const sign = overridden === undefined ? MARKDOWN[state] : '⚠️';
        return `- ${sign} ${code(name)}: ${prose(visible(seen.join('; ')))}${why}`;
      });
      return [`### Federation ${code(visibleNode(change.federation))}: ${way(change)}`, lines.join('\n')]
        .filter((text) => text !== '')
        .join('\n\n');
    })
    .join('\n\n');
}
