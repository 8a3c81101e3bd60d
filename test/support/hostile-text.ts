/** Texts that break careless quoting: keywords, quotes, comments, control characters, scripts, and mixtures of them all. */
import fc from 'fast-check';

/** Whole texts and pieces of longer ones. */
// biome-ignore format: a table
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: it must stay what it is
const PIECES: readonly string[] = [
  ...['`', '``', "'", "''", '"', '""', '\\', '\\\\', "\\'", '\\`', '\\n', '\\0', '\\x41', '\\N', '\\d'],
  ...['--', '-- x', '/*', '*/', '/* x */', '#', '# x', '//', ';', '; DROP TABLE canary.rows', '${x}', '{a:UInt8}'],
  ...['$$', '$x$', '$', '(', ')', '[', ']', '{', '}', ',', '.', '..', ':', '::', '=', '->', '?', '@', '%', '%41', '&', '|'],
  ...[' ', '  ', '\n', '\r', '\r\n', '\t', '\b', '\f', '\v', '\x07', '\x1b', '\x1b[31m', '\x01', '\x1f', '\x7f'],
  ...['\x80', '\x85', '\x9f', '\ufeff', '\u200b', '\u2028', '\u00a0', '\u3000', '\ufffd', '\uffff', '\ufffe'],
  ...['é', 'e\u0301', 'ß', 'ﷺ', 'שלום', '\u202eabc', '\u2066x\u2069', '日本語', '👩‍👩‍👧‍👦', '🇩🇪', '𝔘', '\u{10ffff}', 'ﬁ', 'İ'],
  ...['‘', '’', '“', '”', '−', '＇', '｀', 'ʼ', '´'],
  ...['SELECT', 'INDEX', 'TTL', 'COMMENT', 'SETTINGS', 'ENGINE', 'Null', 'NULL', 'DEFAULT', 'CHECK', 'CONSTRAINT', 'FROM'],
  ...['PROJECTION', 'PRIMARY KEY', 'ORDER BY', 'TYPE', 'GRANULARITY', 'CODEC', 'AS', 'AND', 'OR', 'IN', 'END', 'TO', 'ON'],
  ...['CASE', 'INTERVAL', 'DISTINCT', 'ALIAS', 'EPHEMERAL', 'MATERIALIZED', 'ASSUME', 'WHERE', 'DELETE', 'COLUMNS', 'id'],
  ...['COMMENT ', "COMMENT 'x'", 'SETTINGS a = 1', ') ENGINE = Memory', 'ON CLUSTER c', 'x UInt8', 'AS SELECT 1', 'UInt8'],
  ...['1', '01', '2024', '1e5', '0x1F', '-1', '.5', '1_000', '1a', 'a1', '_', '__proto__', 'constructor', 'toString'],
  ...['a', 'b', 'A', 'count()', '*', 'a.b', 'a/b', '../x', '~', 'null', 'yes', '<<', '!x', '&x', '*x', '>', '- a', 'a: b'],
  ...['inner', 'default', 'system', 'plumbline', '_part', '%n', '%s', '::set-output name=x::', '<b>', '@everyone', '[x](y)'],
  ...['NOT', 'true', 'inf', '.inner.x', '\0', 'a\0b'],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: it must stay what it is

const bytes = (text: string): number => Buffer.byteLength(text);

const cut = (text: string, most: number): string => {
  let kept = '';
  for (const character of text) {
    if (bytes(kept) + bytes(character) > most) break;
    kept += character;
  }
  return kept;
};

/** A text of up to so many bytes, which may be empty. */
export function hostileText(most: number): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...PIECES);
  const mixture = fc.array(
    fc.oneof({ weight: 3, arbitrary: piece }, fc.string({ unit: 'binary', maxLength: 3 })),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  return fc
    .oneof(
      { weight: 4, arbitrary: piece },
      { weight: 6, arbitrary: mixture.map((pieces) => pieces.join('')) },
      { weight: 2, arbitrary: mixture.map((pieces) => pieces.join(' ')) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
    )
    .map((text) => cut(text, most));
}

/** Up to so many bytes, and every now and then exactly that many. */
export function hostileName(most: number): fc.Arbitrary<string> {
  const short = hostileText(Math.min(most, 40)).filter((text) => text !== '');
  const long = fc
    .tuple(short, fc.constantFrom('x', 'é', '`', '日', '_'))
    .map(([start, filler]) => cut(start + filler.repeat(most), most));
  return fc.oneof({ weight: 99, arbitrary: short }, { weight: 1, arbitrary: long });
}

/** Whether declarations can hold the text as it is: YAML has no NUL, and no other of these outside escapes. */
export function isDeclarable(text: string): boolean {
  return !/[\0\x7f-\x84\x86-\x9f\ufffe\uffff]/.test(text);
}
