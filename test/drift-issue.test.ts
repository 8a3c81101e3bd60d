/** How the drift issue shows the patch that accepts the drift: whole, in a fence that holds it, or not at all. */
import { fromMarkdown } from 'mdast-util-from-markdown';
import { expect, test } from 'vitest';
import type { Plan } from '../src/model/plan.ts';
import { renderDriftIssue } from '../src/render/drift-issue.ts';

const PLAN: Plan = {
  format: 1,
  digest: '0'.repeat(32),
  clusters: [
    {
      cluster: 'test',
      edition: 'community',
      nodes: [
        { node: 'test', address: 'test:8123', steps: [], unmanaged: [], findings: [], unreadable: 'gone' },
      ],
    },
  ],
};

const issue = (text: string, reasons: readonly string[] = []): string =>
  renderDriftIssue(PLAN, [], 'https://github.example/run', { text, reasons }) ?? '';

/** The text of every code block of a language, as GitHub reads it. */
const blocks = (markdown: string): string[] =>
  fromMarkdown(markdown).children.flatMap((node) =>
    node.type === 'code' && node.lang === 'diff' ? [node.value] : [],
  );

const patch = (line: string): string =>
  `--- a/schemas/shop.yaml\n+++ b/schemas/shop.yaml\n@@ -1,2 +1,2 @@\n kind: Table\n\n-a\n+${line}\n`;

test.each(['b', '```', '`````` x', '~~~', '<!-- x -->', '</details>', '@ada', 'größe'])(
  '%s is shown as it is',
  (line) => {
    const text = patch(line);
    expect(blocks(issue(text))).toEqual([text.trimEnd()]);
    expect(issue(text)).toContain('hand this patch to `git apply`');
  },
);

test.each([
  ['blanks at the end of a line', patch('b ')],
  ['a mark that nobody sees', patch('a\u202eb')],
  ['a command of the runner', patch('##[group]x')],
  ['too much of it', patch('x'.repeat(30_000))],
])('%s: the command is named', (_what, text) => {
  expect(blocks(issue(text))).toEqual([]);
  expect(issue(text)).toContain('`plumbline import --patch | git apply`');
});

test('what can not be accepted is told, and can not say more than that', () => {
  const told = issue('', ['table `x` <b>@ada</b>']);
  expect(told).toContain('declare what is live, in a pull request');
  expect(told).toContain('Not in the patch: table \\`x\\` \\<b\\>@&zwj;ada');
});
