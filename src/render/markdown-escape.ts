/** Takes text that others wrote and gives Markdown that shows it and does nothing else. */
import { visible } from './visible.ts';

/** The longest run of backticks in a text. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** A code span, on one line; nothing in it is a mention, a link or markup. */
export function code(text: string): string {
  const shown = visible(text);
  if (shown === '') return '` `';
  const fence = '`'.repeat(longestRun(shown) + 1);
  const pad = /^`|`$|^ .* $/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** A fenced block. Its lines may hold anything but line ends. */
export function fenced(language: string, lines: readonly string[]): string[] {
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  return [`${fence}${language}`, ...lines, fence];
}

/** What GitHub turns into mentions, references and links wherever it finds them in text. */
const LIVELY = /@|#(?=\d)|\bGH-(?=\d)|:(?=\/\/)|\bwww(?=\.)/gi;

/** Words among other words: markup, mentions, references to issues and links are taken apart so that they stay words. */
export function prose(text: string): string {
  return visible(text)
    .replace(/&/g, '&amp;')
    .replace(/[\\`*_[\]<>~|$]/g, '\\$&')
    .replace(LIVELY, '$&&zwj;');
}

function entities(text: string): string {
  return visible(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Words inside HTML, where Markdown is not read. */
export function html(text: string): string {
  return entities(text).replace(LIVELY, '$&&zwj;');
}

/** A name inside HTML: GitHub looks for mentions and references in text, but not in code. */
export function htmlCode(text: string): string {
  return `<code>${entities(text)}</code>`;
}
