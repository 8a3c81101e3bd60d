/** Reads Markdown as GitHub does and gives its structure, without the words: what a hostile name must not change. */
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/** What GitHub acts on in text: mentions, issues, commits, addresses, emoji, mathematics. */
const LIVELY = /@[\p{L}\p{N}]|#\d|GH-\d|:\/\/|www\.|(?<![\da-z])[\da-f]{7,64}(?![\da-z])|:[\w+-]+:|\$/giu;

/** What may be in no line at all: it is not seen, or turns around what stands next to it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What the runner of GitHub Actions obeys in a line that is printed. */
const COMMAND = /^\s*::|##\[/;

interface MarkdownNode {
  readonly type: string;
  readonly value?: string;
  readonly url?: string;
  readonly depth?: number;
  readonly lang?: string | null;
  readonly ordered?: boolean | null;
  readonly children?: readonly MarkdownNode[];
}

function lively(text: string): string {
  // The joiner that takes mentions apart is ours.
  const words = text.replace(/[\u200d\n]/g, '');
  const found = [...(text.match(LIVELY) ?? []), ...(UNSEEN.test(words) ? ['unseen'] : [])];
  const breaks = text.match(/\n/g)?.length ?? 0;
  return `${breaks > 0 ? `breaks ${breaks}` : ''}${found.length > 0 ? ` LIVELY ${JSON.stringify(found)}` : ''}`;
}

/** Around a dollar sign, so that it begins no formula; what stands on both sides of it is no one word. */
const DOLLAR = /<span>\$<\/span>/g;

const decode = (html: string): string =>
  html.replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code))).replace(/&lt;/g, '<');

/** Tags and what stands between them; in <code> and in addresses nothing is acted on. */
function htmlShape(html: string, ours: string): string {
  const words = html.replace(/<code>[^<]*<\/code>/g, '<code></code>').replace(/<[^>]*>/g, '\n');
  const tags = html.match(/<[^>]*>/g) ?? [];
  const shapes = tags.map((tag) => tag.replace(/href="([^"]*)"/, (_all, url: string) => address(url, ours)));
  return shapes.join('') + lively(decode(words).replace(/\n/g, ''));
}

const address = (url: string, ours: string): string =>
  url.startsWith(ours) && !/[\s<>"'()]/.test(url) ? 'ours' : `FOREIGN ${url}`;

function shape(node: MarkdownNode, ours: string): string {
  const { type, value = '', url, depth, lang, ordered, children } = node;
  if (type === 'text') return lively(value);
  if (type === 'html') return `html(${htmlShape(value, ours)})`;
  const marks = [depth, lang, ordered, url === undefined ? undefined : address(url, ours)].filter(
    (mark) => mark !== undefined && mark !== null,
  );
  const inner = (children ?? []).map((child) => shape(child, ours)).filter((text) => text !== '');
  return `${[type, ...marks].join(' ')}(${inner.join(',')})`;
}

/** The structure of each block at the top; `ours` is where all links must go. */
export function structure(markdown: string, ours: string): string[] {
  const tree = fromMarkdown(markdown.replace(DOLLAR, '¤'), {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  });
  const commands = markdown.split('\n').filter((line) => COMMAND.test(line));
  const unseen = markdown.split('\n').filter((line) => UNSEEN.test(line));
  const root = tree as MarkdownNode;
  return [
    ...(root.children ?? []).map((child) => shape(child, ours)),
    ...commands.map((line) => `COMMAND ${line}`),
    ...unseen.map((line) => `UNSEEN ${line}`),
  ];
}
