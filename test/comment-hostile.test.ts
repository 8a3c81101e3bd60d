/** Plans full of hostile names, comments and errors are read by a real Markdown parser: they have the structure of benign ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CommentInput, renderComment } from '../src/render/comment.ts';
import { prose } from '../src/render/markdown-escape.ts';
import { hostileInput, type Texts } from './support/gallery-hostile.ts';
import { structure } from './support/gallery-structure.ts';
import { hostileName } from './support/hostile-text.ts';
import { size } from './support/size.ts';

const OURS = 'https://github.com/example/warehouse/';

const MARKUP: readonly string[] = [
  ...[
    '# x',
    '> x',
    '- x',
    '1. x',
    '---',
    '===',
    '```',
    '~~~',
    '    x',
    '| a | b |',
    '- [ ] x',
    '[^1]',
    '[^1]: x',
    '<!-- x',
  ],
  ...[
    '-->',
    '</details>',
    '</summary>',
    '<details>',
    '</code>',
    '<img src=x onerror=alert(1)>',
    '<a href="https://x.y">x</a>',
  ],
  ...[
    '&lt;b&gt;',
    '&#64;team',
    '&commat;team',
    '![x](https://x.y)',
    '[x](javascript:x)',
    '[x]: https://x.y',
    '<https://x.y>',
  ],
  ...[
    '@team',
    '@org/team',
    'a@b.example',
    '#12',
    'org/repo#12',
    'GH-12',
    '4f2a9c1e07b35d8866f0a1b2c3d4e5f607182930',
    'abcdef1',
  ],
  ...[
    'https://x.example',
    'http://x',
    'www.x.example',
    'mailto:a@b.c',
    'xmpp:a@b.c',
    ':tada:',
    '$x$',
    '$$x$$',
    '$`x`$',
  ],
  ...[
    '::error::x',
    '::add-mask::x',
    '##[error]x',
    '\n::stop-commands::x',
    '\x1b[2J',
    '\x1b]0;x\x07',
    '\u202e',
    '\u2066',
    '\u200b',
  ],
  ...[
    '**x**',
    '__x__',
    '*x*',
    '_x_',
    '~~x~~',
    '`x`',
    '``',
    '\\',
    '\\`',
    'x\\',
    '\n\n# x',
    '\r\n> x',
    '\u2028x',
    '\t',
    '  ',
    'x  ',
  ],
];

/** So many different texts, from a fixed seed. */
function hostileTexts(count: number, seed: number): string[] {
  const texts = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...MARKUP) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.constantFrom(...MARKUP), { minLength: 2, maxLength: 4 })
        .map((parts) => parts.join('')),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.constantFrom(...MARKUP), { minLength: 2, maxLength: 3 })
        .map((parts) => parts.join(' ')),
    },
    { weight: 2, arbitrary: hostileName(80) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...MARKUP), hostileName(40)).map((parts) => parts.join('')),
    },
  );
  const found = new Set<string>();
  for (let round = 0; found.size < count; round++) {
    for (const text of fc.sample(texts, { numRuns: count, seed: seed + round }))
      if (found.size < count) found.add(text);
  }
  return [...found];
}

/** Benign texts, of which there is no end. */
function benign(): Texts {
  let at = 0;
  return () => `x${at++}`;
}

const COUNT = size(5_000, 100_000);

describe('hostile texts', () => {
  test('break out of nothing in small plans', () => {
    const want = structure(renderComment(hostileInput(benign(), 1)).comment, OURS);
    expect(want.join('\n')).not.toMatch(/LIVELY|FOREIGN|COMMAND|UNSEEN/);
    const texts = hostileTexts(COUNT, 1);
    let taken = 0;
    while (taken < COUNT) {
      const input = hostileInput(() => texts[taken++ % COUNT] ?? '', 1);
      const { comment } = renderComment(input);
      const found = structure(comment, OURS);
      if (found.join('\n') !== want.join('\n')) expect({ comment, found }).toEqual({ comment, found: want });
    }
  });

  test('break out of nothing in one big plan, in the comment and in the summary', () => {
    const shapes = (input: CommentInput) => {
      const { comment, summary } = renderComment(input);
      expect(comment.length).toBeLessThanOrEqual(60_000 - 600);
      expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1000 * 1024);
      return [comment, summary].map((text) => structure(text, OURS));
    };
    const texts = hostileTexts(10_000, 2);
    let taken = 0;
    const groups = 560;
    const [comment = [], summary = []] = shapes(hostileInput(() => texts[taken++] ?? 'x', groups));
    expect(taken).toBeGreaterThan(10_000);
    // A piece that no plan of benign names is made of has broken out; twice as many groups are too many for a summary.
    const known = new Set([1, 2 * groups].flatMap((count) => shapes(hostileInput(benign(), count)).flat()));
    expect([...new Set([...comment, ...summary])].filter((one) => !known.has(one))).toEqual([]);
    expect(summary.length).toBeGreaterThan(groups * 3);
  });
});

test('words that mean something to GitHub are taken apart', () => {
  expect(prose('commit 4f2a9c1 is :tada: of @ada')).toBe('commit 4f2a9c&zwj;1 is :&zwj;tada: of @&zwj;ada');
});
