/** The text of one file goes in; the plain value of each of its YAML documents, and every problem found, come out. */

import { Composer, CST, type ErrorCode, Lexer, type Node, Parser } from 'yaml';
import { DEPTH, DOCUMENT_TOKENS } from './limits.ts';
import { type AliasBudget, type Report, readTree, TAG_MESSAGE, type Tree } from './values.ts';

/** In the failsafe schema every scalar is its text: `1.0` stays `1.0` and `no` is not false. */
const OPTIONS = {
  schema: 'failsafe',
  version: '1.2',
  resolveKnownTags: false,
  logLevel: 'silent',
  /** `readTree` finds duplicate keys in linear time. */
  uniqueKeys: false,
} as const;

const HINTS: Partial<Record<ErrorCode, string>> = {
  BAD_SCALAR_START: 'put the text in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put text that contains `: ` in quotes',
  MULTILINE_IMPLICIT_KEY: 'put text that contains `: ` in quotes, or write the missing `:`',
  TAB_AS_INDENT: 'indent with spaces',
};

/** Stops the composer at its first error: what follows is nearly always the same mistake again. */
const HALT = new Error('halt');

/**
 * Reads the documents of a text that has no control characters, one at a time. Empty documents are left out, as are
 * those with a problem that makes the rest of them meaningless; a document with syntax errors has one finding.
 */
export function* readDocuments(text: string, budget: AliasBudget, report: Report): Generator<Tree> {
  let from: number | undefined = 0;
  while (from !== undefined) from = yield* readFrom(text, from, budget, report);
}

/** Returns where to go on if reading stopped within a document that cannot be read on: at the next `---`. */
function* readFrom(
  text: string,
  from: number,
  budget: AliasBudget,
  report: Report,
): Generator<Tree, number | undefined> {
  const parser = new Parser();
  parser.offset = from;
  let tokens = 0;
  let broken = false;

  function accept(token: CST.Token): Tree | number | undefined {
    if (token.type === 'document') {
      tokens = 0;
      const start = token.start.find((part) => part.type === 'doc-start');
      // After a syntax error, what has no `---` before it is the rest of the broken document.
      if (broken && start === undefined) return undefined;
      const tree = readDocument(token, budget, report);
      broken = tree === 'broken';
      if (tree !== 'broken') return tree;
      // A quote that is not closed swallows the documents after it.
      const next = nextDocument(text, start === undefined ? token.offset : start.offset + 3);
      return next !== undefined && next < parser.offset ? next : undefined;
    }
    const problem = broken ? undefined : streamProblem(token);
    if (problem !== undefined) {
      broken = true;
      report(token.offset, ...problem);
    }
    return undefined;
  }

  for (const lexeme of new Lexer().lex(from === 0 ? text : text.slice(from))) {
    const limit = ++tokens > DOCUMENT_TOKENS ? 'this document is too long' : tooDeep(parser);
    if (limit !== undefined) {
      report(parser.offset, 'yaml-limit', limit);
      return nextDocument(text, parser.offset);
    }
    for (const token of parser.next(lexeme)) {
      const found = accept(token);
      if (typeof found === 'number') return found;
      if (found !== undefined) yield found;
    }
  }
  for (const token of parser.end()) {
    const found = accept(token);
    if (typeof found === 'number') return found;
    if (found !== undefined) yield found;
  }
  return undefined;
}

/** Offset of the first `---` line after an offset. */
function nextDocument(text: string, offset: number): number | undefined {
  const marker = /\n---(?=\s|$)/g;
  marker.lastIndex = offset;
  const match = marker.exec(text);
  return match === null ? undefined : match.index + 1;
}

/** The stack holds the document, the open mappings and lists, and perhaps a scalar. Composing recurses, parsing does not. */
function tooDeep(parser: Parser): string | undefined {
  return parser.stack.length > DEPTH + 2 ? `nested more than ${DEPTH} levels deep` : undefined;
}

/** What is wrong with a token that stands between documents. */
function streamProblem(token: CST.Token): [rule: string, message: string] | undefined {
  if (token.type === 'directive') {
    return ['yaml-directive', 'directives (`%…`) are not supported; remove the line'];
  }
  return token.type === 'error'
    ? ['yaml-syntax', `not valid YAML: ${withoutText(token.message)}`]
    : undefined;
}

function readDocument(token: CST.Document, budget: AliasBudget, report: Report): Tree | 'broken' | undefined {
  const root = compose(token, report);
  if (root === 'broken' || root === undefined) return root;
  let fatal = false;
  const tree = readTree(root, budget, (offset, rule, message, isFatal) => {
    report(offset, rule, message);
    fatal ||= isFatal === true;
  });
  const isEmpty = tree.value === '' && tree.empty.size > 0;
  return fatal || isEmpty ? undefined : tree;
}

function compose(token: CST.Document, report: Report): Node | 'broken' | undefined {
  const composer = new Composer(OPTIONS);
  let halted = false;
  const onError = (source: ErrorSource, code: ErrorCode, message: string, isWarning?: boolean): void => {
    if (isWarning) return;
    const isTag = code === 'TAG_RESOLVE_FAILED';
    if (!halted && isTag) report(errorOffset(source), 'yaml-tag', TAG_MESSAGE);
    else if (!halted) reportSyntax(token, errorOffset(source), code, message, report);
    halted = true;
    throw HALT;
  };
  // Without this the composer makes an Error with a stack for each mistake, and a hostile file has a million of them.
  Object.assign(composer, { onError });
  try {
    for (const _ of composer.next(token));
    for (const document of composer.end()) {
      const error = document.errors[0];
      if (error !== undefined) onError(error.pos[0], error.code, error.message);
      return document.contents ?? undefined;
    }
    return undefined;
  } catch (error) {
    if (error !== HALT) throw error;
    return 'broken';
  }
}

type ErrorSource = number | readonly number[] | { readonly offset: number };

function errorOffset(source: ErrorSource): number {
  if (typeof source === 'number') return source;
  return 'offset' in source ? source.offset : (source[0] ?? 0);
}

function reportSyntax(
  document: CST.Document,
  offset: number,
  code: ErrorCode,
  message: string,
  report: Report,
): void {
  if (message.startsWith('Missing closing')) {
    // The composer points at where the text ends, which is often the end of the file.
    report(quoteBefore(document, offset), 'yaml-syntax', 'not valid YAML: this quote is not closed');
    return;
  }
  const hint = HINTS[code];
  report(offset, 'yaml-syntax', `not valid YAML: ${withoutText(message)}${hint ? `; ${hint}` : ''}`);
}

/** Some messages repeat the text they are about, which may be a password. */
function withoutText(message: string): string {
  return message.replace(/(extra characters|escape sequence|YAML token)(:| ).*$/su, '$1');
}

/** Offset of the quoted text that ends at the offset. */
function quoteBefore(document: CST.Document, end: number): number {
  let start = end;
  CST.visit(document, ({ key, value }) => {
    for (const token of [key, value]) {
      if (CST.isScalar(token) && token.offset + token.source.length === end) start = token.offset;
    }
  });
  return start;
}
