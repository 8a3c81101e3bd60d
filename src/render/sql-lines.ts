/** Breaks SQL text into lines between its tokens, as people would write it; the tokens stay as they are. */
import { type Token, TokenError, tokenize } from '../sql/tokens.ts';
import { type Clause, clausesOf, upperWord } from './sql-clauses.ts';

const OPENING = new Set(['(', '[', '{']);
const CLOSING = new Set([')', ']', '}']);
const STEP = 4;
/** Brackets deeper than this are left on one line, and so is what brackets hold in fewer characters. */
const DEEPEST = 24;
const SHORTEST = 16;

function closings(tokens: readonly Token[]): Map<number, number> {
  const close = new Map<number, number>();
  const open: number[] = [];
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== 'symbol') continue;
    if (OPENING.has(text)) open.push(at);
    else if (CLOSING.has(text)) {
      const start = open.pop();
      if (start !== undefined) close.set(start, at);
    }
  }
  return close;
}

/** Tokens without what stands between them, or undefined where that is more than white space. */
function plainTokens(sql: string): readonly Token[] | undefined {
  try {
    const tokens = tokenize(sql);
    const gaps = tokens.map(({ start }, at) => sql.slice(tokens[at - 1]?.end ?? 0, start));
    return [...gaps, sql.slice(tokens.at(-1)?.end ?? 0)].some((gap) => gap.trim() !== '')
      ? undefined
      : tokens;
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}

type Run = readonly [from: number, to: number];

function layout(tokens: readonly Token[], width: number): string[] {
  const close = closings(tokens);
  const lines: string[] = [];

  const put = (from: number, to: number, depth: number): void => {
    if (from >= to) return;
    let text = ' '.repeat(depth * STEP);
    for (let at = from; at < to; at++) {
      const token = tokens[at];
      const previous = tokens[at - 1];
      if (at > from && previous && token && token.start > previous.end) text += ' ';
      text += token?.text ?? '';
    }
    lines.push(text);
  };

  const size = (from: number, to: number): number => (tokens[to - 1]?.end ?? 0) - (tokens[from]?.start ?? 0);
  const fits = (from: number, to: number, depth: number): boolean =>
    depth > DEEPEST || depth * STEP + size(from, to) <= width;

  /** The runs into which the outermost commas, or else the outermost AND and OR, divide the tokens. */
  const divide = (from: number, to: number, by: 'comma' | 'condition'): Run[] => {
    const starts = [from];
    let between = false;
    for (let at = from; at < to; at = (close.get(at) ?? at) + 1) {
      const word = upperWord(tokens[at]);
      if (word === 'BETWEEN') between = true;
      const joins = word === 'OR' || (word === 'AND' && !between);
      if (word === 'AND') between = false;
      if (by === 'condition' && joins && at > from) starts.push(at);
      if (by === 'comma' && tokens[at]?.text === ',' && at + 1 < to) starts.push(at + 1);
    }
    return starts.map((start, at) => [start, starts[at + 1] ?? to]);
  };

  const group = (from: number, to: number, depth: number): void => {
    if (['SELECT', 'WITH'].includes(upperWord(tokens[from]))) clauses(from, to, depth);
    else for (const run of divide(from, to, 'comma')) item(...run, depth);
  };

  /** Opens the brackets that do not fit on the line where they begin, and with `openFirst` the first ones anyway. */
  const opened = (from: number, to: number, depth: number, openFirst: boolean): void => {
    let start = from;
    let waits = openFirst;
    for (let at = from; at < to; at++) {
      const end = close.get(at);
      if (end === undefined || end >= to) continue;
      const breaks = size(at, end) > SHORTEST && !fits(start, end + 1, depth);
      if (end > at + 1 && (breaks || waits)) {
        put(start, at + 1, depth);
        group(at + 1, end, depth + 1);
        start = end;
        waits = false;
      }
      at = end;
    }
    put(start, to, depth);
  };

  const item = (from: number, to: number, depth: number): void => {
    if (fits(from, to, depth)) {
      put(from, to, depth);
      return;
    }
    const commas = divide(from, to, 'comma');
    const runs = commas.length > 1 ? commas : divide(from, to, 'condition');
    if (runs.length === 1) opened(from, to, depth, false);
    else for (const [at, run] of runs.entries()) item(...run, at === 0 ? depth : depth + 1);
  };

  const clause = ({ start, body, end, select }: Clause, depth: number): void => {
    const columns = select ? divide(body, end, 'comma') : [];
    if (columns.length > 1 || (select && !fits(start, end, depth))) {
      put(start, body, depth);
      for (const column of columns) item(...column, depth + 1);
    } else if (upperWord(tokens[start]) === 'CREATE' && start === 0) {
      opened(start, end, depth, true);
    } else {
      item(start, end, depth);
    }
  };

  const clauses = (from: number, to: number, depth: number): void => {
    for (const one of clausesOf(tokens, from, to, close)) clause(one, one.nested ? depth + 1 : depth);
  };

  clauses(0, tokens.length, 0);
  return lines;
}

/**
 * The text on several lines of up to `width` characters where that can be, each clause and each column of a query on its
 * own. Text with comments, or that can't be split into tokens, keeps the lines it has.
 */
export function brokenSql(sql: string, width: number): string[] {
  const tokens = plainTokens(sql);
  return tokens ? layout(tokens, width) : sql.split('\n');
}

/** The text on one line where it fits into `width` characters, else broken. */
export function sqlLines(sql: string, width: number): string[] {
  const text = sql.trim();
  return text.length <= width && !text.includes('\n') ? [text] : brokenSql(sql, width);
}
