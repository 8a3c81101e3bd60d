/** Takes text that others wrote and gives Markdown that shows it and does nothing else. */
import { visible } from './visible.ts';

/** The longest run of backticks in a text. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** The runner of GitHub Actions obeys `##[command]` anywhere in a printed line, and `::command::` at its start. */
function printable(text: string): string {
  return visible(text).replace(/##(?=\[)/g, '#\\u{23}');
}

/** A code span, on one line; nothing in it is a mention, a link or markup. */
export function code(text: string): string {
  const shown = printable(text);
  if (shown === '') return '` `';
  const fence = '`'.repeat(longestRun(shown) + 1);
  const pad = /^`|`$|^ .* $/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** A fenced block. Its lines may hold anything but line ends. */
export function fenced(language: string, lines: readonly string[]): string[] {
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  const shown = lines.map((line) => printable(line).replace(/^(\s*):(?=:)/, '$1\\u{3a}'));
  return [`${fence}${language}`, ...shown, fence];
}

/** What GitHub turns into mentions, references, links and emoji wherever it finds them in text; `_` may be escaped by now. */
const LIVELY = /@|#(?=\d)|GH-(?=\d)|:(?=\/\/)|www(?=\.)|:(?=(?:\\?[\w+-])+:)/gi;

/** What it takes for commits: seven digits or more. */
const COMMIT = /(?<![\da-z])[\da-f]{7,64}(?![\da-z])/gi;

/** The same words, with joiners in what would not stay words. */
function inert(text: string, joiner: string): string {
  return text
    .replace(LIVELY, `$&${joiner}`)
    .replace(COMMIT, (digits) => digits.replace(/.{6}(?=.)/g, `$&${joiner}`));
}

/** Words among other words: markup, mentions, references and links are taken apart so that they stay words. */
export function prose(text: string): string {
  const escaped = visible(text)
    .replace(/&/g, '&amp;')
    .replace(/[\\`*_[\]<>~|]/g, '\\$&');
  // Outside of formulas, GitHub takes a dollar sign for itself only inside a tag.
  return inert(escaped, '&zwj;').replace(/\$/g, '<span>$</span>');
}

const entities = (text: string): string =>
  text.replace(/[&<>"$\u200d]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Words inside HTML, where Markdown is not read. */
export function html(text: string): string {
  return entities(inert(printable(text), '\u200d'));
}

/** A name inside HTML: GitHub looks for mentions and references in text, but not in code. */
export function htmlCode(text: string): string {
  return `<code>${entities(printable(text))}</code>`;
}
