/** Takes the names of many objects and gives them in as few characters as possible, losing none. */

/** Braces as shells read them, `shop.{orders,t_{01..40}}`, or a piece of such; and for how many names it stands. */
export interface NameToken {
  readonly text: string;
  readonly names: number;
}

/** A run of digits inside a plain name; longer ones are no safe integers. */
const NUMBERED = /^([\p{L}\p{N}_-]*?)(\d{1,15})([\p{L}_-]*)$/u;
const FEWEST = 3;

interface Run {
  readonly text: string;
  readonly names: number;
}

function runs(numbers: readonly string[]): Run[] {
  const found: Run[] = [];
  const sorted = [...numbers].sort();
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (Number(sorted[end + 1]) === Number(sorted[end]) + 1) end++;
    const run = sorted.slice(start, end + 1);
    const range = { text: `{${run[0]}..${run.at(-1)}}`, names: run.length };
    found.push(...(run.length < FEWEST ? run.map((text) => ({ text, names: 1 })) : [range]));
    start = end + 1;
  }
  return found;
}

/** So many runs share a pair of braces, so that no token is too long to be taken or left. */
const MOST_RUNS = 30;

function series(before: string, after: string, numbers: readonly string[]): NameToken[] {
  const all = runs(numbers);
  const chunks = Array.from({ length: Math.ceil(all.length / MOST_RUNS) }, (_, at) =>
    all.slice(at * MOST_RUNS, (at + 1) * MOST_RUNS),
  );
  return chunks.map((chunk) => {
    const inner = chunk.map(({ text }) => text).join(',');
    const braces = chunk.length === 1 ? inner : `{${inner}}`;
    return { text: before + braces + after, names: chunk.reduce((sum, { names }) => sum + names, 0) };
  });
}

/** Names that differ in a number of as many digits, as one token. */
function numbered(names: readonly string[]): NameToken[] {
  const found = new Map<string, { before: string; after: string; numbers: string[] }>();
  const tokens: NameToken[] = [];
  for (const name of names) {
    const [, before, digits, after] = NUMBERED.exec(name) ?? [];
    if (before === undefined || digits === undefined || after === undefined) {
      tokens.push({ text: name, names: 1 });
      continue;
    }
    const key = `${before} ${digits.length} ${after}`;
    const one = found.get(key) ?? { before, after, numbers: [] };
    found.set(key, one);
    one.numbers.push(digits);
  }
  for (const { before, after, numbers } of found.values()) {
    if (numbers.length < FEWEST) {
      tokens.push(...numbers.map((digits) => ({ text: before + digits + after, names: 1 })));
    } else {
      tokens.push(...series(before, after, numbers));
    }
  }
  return tokens;
}

/** For how many names they stand. */
export function namesIn(tokens: readonly NameToken[]): number {
  return tokens.reduce((sum, { names }) => sum + names, 0);
}

/** Names under the same parents in one pair of braces. Each path is made of names that are already visible; the tokens follow each other as they are. */
export function foldNames(paths: readonly (readonly string[])[]): NameToken[] {
  const parents = new Map<string, string[]>();
  for (const path of paths) {
    const parent = path
      .slice(0, -1)
      .map((name) => `${name}.`)
      .join('');
    const names = parents.get(parent) ?? [];
    parents.set(parent, names);
    names.push(path.at(-1) ?? '');
  }
  return [...parents].flatMap(([parent, names]) => {
    const tokens = numbered([...new Set(names)]);
    const [only] = tokens;
    if (tokens.length === 1 && only) return [{ text: `${parent}${only.text} `, names: only.names }];
    return tokens.map((token, at) => ({
      text: `${at === 0 ? `${parent}{` : ''}${token.text}${at === tokens.length - 1 ? '} ' : ','}`,
      names: token.names,
    }));
  });
}
