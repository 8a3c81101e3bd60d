/** Walks over the tokens of one statement: takes keywords, names and whole expressions, and refuses what it doesn't expect. */
import { unquote } from './quote.ts';
import { type Token, tokenize } from './tokens.ts';

const OPENING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Words behind an operand after which an expression must go on, and words in front of one. ClickHouse writes columns that are
 * called like keywords without quotes, so a word is an operator only where an operator can stand.
 */
const INFIX = new Set(
  'AND OR NOT IN LIKE ILIKE IS BETWEEN AS THEN ELSE WHEN GLOBAL DIV MOD REGEXP BY FROM WHERE HAVING SET DISTINCT'.split(
    ' ',
  ),
);
const PREFIX = new Set(['NOT', 'DISTINCT', 'FROM']);

/** The statement is not of the form that was expected. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
}

export class Cursor {
  readonly source: string;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  get ended(): boolean {
    return this.at >= this.tokens.length;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  fail(expected: string): never {
    const token = this.peek();
    const found = token ? `\`${token.text}\` at offset ${token.start}` : 'the end';
    throw new ParseError(`expected ${expected}, found ${found}`);
  }

  /** Whether the next tokens are these unquoted upper-case words or symbols, given as one text: `'ORDER BY'`. */
  sees(words: string): boolean {
    return words.split(' ').every((word, ahead) => {
      const token = this.peek(ahead);
      return token !== undefined && (token.kind === 'word' || token.kind === 'symbol') && token.text === word;
    });
  }

  /** Takes the words when they are next. */
  takes(words: string): boolean {
    const seen = this.sees(words);
    if (seen) this.at += words.split(' ').length;
    return seen;
  }

  /** Takes the words or fails. */
  expect(words: string): void {
    if (!this.takes(words)) this.fail(`\`${words}\``);
  }

  /** Takes one name, quoted or not. */
  name(): string {
    const token = this.peek();
    if (token?.kind !== 'word' && token?.kind !== 'quoted') return this.fail('a name');
    this.at++;
    return token.kind === 'quoted' ? unquote(token.text) : token.text;
  }

  /** Takes `a.b.c` as a list of names. */
  path(): string[] {
    const names = [this.name()];
    while (this.takes('.')) names.push(this.name());
    return names;
  }

  /** Takes one string literal. */
  string(): string {
    const token = this.peek();
    if (token?.kind !== 'string') return this.fail('a string');
    this.at++;
    return unquote(token.text);
  }

  /** Takes `( … )` and returns what stands between the parentheses, as written. */
  parenthesized(): string {
    const start = this.peek();
    if (start?.text !== '(') return this.fail('`(`');
    this.skipGroup();
    return this.source.slice(start.end, this.tokens[this.at - 1]?.start).trim();
  }

  /** Takes one or more tokens up to a comma on this level, the end, or a place where `stop` says that a clause begins. */
  expression(stop: () => boolean = () => false, overCommas = false): string {
    const start = this.peek();
    if (!start) return this.fail('an expression');
    const first = this.at;
    let operandEnded = false;
    while (!this.ended) {
      if (!overCommas && this.sees(',')) break;
      if (operandEnded && stop()) break;
      if (this.sees(')')) break;
      operandEnded = this.skipTerm(operandEnded);
    }
    if (this.at === first) return this.fail('an expression');
    return this.source.slice(start.start, this.tokens[this.at - 1]?.end);
  }

  /** Takes a list with commas: all that is left, up to what is no expression. */
  list(): string[] {
    const items: string[] = [];
    while (!this.ended) {
      items.push(this.expression());
      if (!this.takes(',')) break;
    }
    return items;
  }

  /** All that is left, as written. */
  rest(): string {
    const start = this.peek()?.start ?? this.source.length;
    this.at = this.tokens.length;
    return this.source.slice(start).trim();
  }

  /** Takes a token or a group, and tells whether an operand ends with it. */
  private skipTerm(behindOperand: boolean): boolean {
    const [previous, token] = [this.tokens[this.at - 1], this.peek()];
    this.skipGroup();
    if (token?.kind === 'symbol') return token.text in OPENING;
    if (token?.kind !== 'word' || previous?.text === '.') return true;
    return !(behindOperand ? INFIX : PREFIX).has(token.text);
  }

  /** Takes one token, or the whole group that it opens. */
  private skipGroup(): void {
    const open: string[] = [];
    do {
      const token = this.peek();
      if (!token) this.fail(`\`${open.at(-1)}\``);
      if (token.kind === 'symbol') {
        const closing = OPENING[token.text];
        if (closing) open.push(closing);
        else if (token.text === open.at(-1)) open.pop();
      }
      this.at++;
    } while (open.length > 0);
  }
}
