/** Quoting, tokens and the cursor: what is quoted comes back, every text ends soon, and a real server agrees. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cursor, ParseError } from '../src/sql/cursor.ts';
import { escapeBytes, identifier, literal, qualified, unquote } from '../src/sql/quote.ts';
import { misreadName } from '../src/sql/spelling.ts';
import { TokenError, tokenize } from '../src/sql/tokens.ts';
import { hostileText } from './support/hostile-text.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

const SEED = 26_07;
const runs = (ci: number, full: number) => ({ seed: SEED, numRuns: size(ci, full) });
const text = hostileText(400);

/** Anything at all: pieces of SQL that end nowhere, and noise. */
const anyText = fc.oneof(
  text,
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'`\'"\\$/*-#( )[]{}.,1ax\n') }),
);

const shapes = (source: string): string[] =>
  tokenize(source).map(({ kind, text: shown }) => `${kind} ${shown}`);

describe('quoting', () => {
  test('a quoted name, text or path comes back', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(unquote(identifier(one))).toBe(one);
        expect(unquote(literal(one))).toBe(one);
        expect(new Cursor(qualified([one, other])).path()).toEqual([one, other]);
      }),
      runs(2000, 200_000),
    );
  });

  test('a quoted text is one token, whatever stands around it', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(shapes(`f(${literal(value)}, ${identifier(value)})`)).toEqual([
          'word f',
          'symbol (',
          `string ${literal(value)}`,
          'symbol ,',
          `quoted ${identifier(value)}`,
          'symbol )',
        ]);
      }),
      runs(2000, 100_000),
    );
  });

  // biome-ignore format: a table
  test.each([
    ["'it\\'s'", "it's"], ["'it''s'", "it's"], ['"a""b"', 'a"b'], ['`a``b`', 'a`b'], ["'a`b\"c'", 'a`b"c'], ["'a\"\"b``c'", 'a""b``c'],
    ["'\\d\\%\\q'", '\\d\\%\\q'], ["'\\\\d'", '\\d'], ["'\\=\\/\\\"\\`'", '=/"`'], ["'a\\Nb'", 'ab'], ["'\\\n'", '\n'],
    ["'\\a\\b\\e\\f\\n\\r\\t\\v\\0'", '\x07\b\x1b\f\n\r\t\v\0'], ["'\\A\\B'", '\\A\\B'], ["'\\xC3\\xA9\\x41'", 'éA'], ["'\\\\x41'", '\\x41'],
    ["x'4142'", 'AB'], ["X'c3A9'", 'é'], ["b'100000101000010'", 'AB'], ["x''", ''], ['$$it\'s$$', "it's"], ['$a$\\n$b$$a$', '\\n$b$'],
    ['‘it\\’', 'it\\'], ['“a`b”', 'a`b'],
  ])('%s is %j', (quoted, value) => {
    expect(unquote(quoted)).toBe(value);
    expect(tokenize(quoted)).toHaveLength(1);
  });

  test('bytes that are no UTF-8 become escapes, and all others stay', () => {
    expect(escapeBytes(Buffer.from([0x27, 0xff, 0xc3, 0xa9, 0xc3, 0x27]))).toBe("'\\xffé\\xc3'");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const escaped = escapeBytes(bytes).replace(/\\x([0-9a-f]{2})/g, (_all, hex) => `\u{f0000}${hex}`);
        const back = escaped
          .split(/(\u{f0000}[0-9a-f]{2})/u)
          .map((part) =>
            part.startsWith('\u{f0000}') ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part),
          );
        expect(Buffer.concat(back).equals(Buffer.from(bytes))).toBe(true);
      }),
      runs(2000, 100_000),
    );
    fc.assert(
      fc.property(text, (value) => void expect(escapeBytes(Buffer.from(value))).toBe(value)),
      runs(1000, 50_000),
    );
  });

  test('names that a server would read as something else are found by the quotes they lose', () => {
    expect(misreadName('SELECT `true` FROM t', 'SELECT true FROM t')).toBe('true');
    expect(misreadName('SELECT `NaN` FROM t', 'SELECT nan FROM t')).toBe('NaN');
    expect(misreadName('SELECT "not" FROM t', 'SELECT not FROM t')).toBe('not');
    expect(misreadName('(`inf` UInt8)', '(`inf` UInt8)')).toBeUndefined();
    expect(misreadName('SELECT t.`true`, `a` FROM t', 'SELECT t.true, a FROM t')).toBeUndefined();
    expect(misreadName("SELECT true, '`true`' FROM t", "SELECT true, '`true`' FROM t")).toBeUndefined();
  });
});

describe('tokens', () => {
  // biome-ignore format: a table
  test.each<[string, string[]]>([
    ['.5 1. 1e-5 0x1F 1_000 0b101 1.5e+3 0x1.8p-1', ['.5', '1.', '1e-5', '0x1F', '1_000', '0b101', '1.5e+3', '0x1.8p-1'].map((one) => `number ${one}`)],
    ['1a 2nd 1__0 $x a$b', ['1a', '2nd', '1__0', '$x', 'a$b'].map((one) => `word ${one}`)],
    ['t.1.2', ['word t', 'symbol .', 'number 1', 'symbol .', 'number 2']],
    ['(1, 2).1e5', ['symbol (', 'number 1', 'symbol ,', 'number 2', 'symbol )', 'symbol .', 'word 1e5']],
    ['`a`.5 + .5', ['quoted `a`', 'symbol .', 'number 5', 'symbol +', 'number .5']],
    ['a->b::c<=>d@@e||f', ['word a', 'symbol ->', 'word b', 'symbol ::', 'word c', 'symbol <=>', 'word d', 'symbol @@', 'word e', 'symbol ||', 'word f']],
    ['{name:Array(UInt8)}', ['symbol {', 'word name', 'symbol :', 'word Array', 'symbol (', 'word UInt8', 'symbol )', 'symbol }']],
    ['a -- b\nc // d\n# e\n#!f\n/* /* g */ ` */ h', ['word a', 'word c', 'word h']],
    ['a\u200b\u2060\u00a0\ufeffb', ['word a', 'word b']],
    ['$$a$b$$ $t$x$y$$t$ $x', ['string $$a$b$$', 'string $t$x$y$$t$', 'word $x']],
    ['$ $$', ['symbol $', 'symbol $', 'symbol $']],
    ['..1 .', ['symbol .', 'number .1', 'symbol .']],
    ["‘it's’ “a b” x'ff' b'01'", ["string ‘it's’", 'quoted “a b”', "string x'ff'", "string b'01'"]],
    ['#x é', ['symbol #', 'word x', 'symbol é']],
  ])('%s', (source, expected) => {
    expect(shapes(source)).toEqual(expected);
  });

  test.each(["'a", '`a', '"a', "'a\\", '/* a', '/* /* a */', '‘a', '“a', '1.5x', '1.a'])(
    '%s is refused',
    (source) => {
      expect(() => tokenize(source)).toThrow(TokenError);
    },
  );

  test('tokens and the blanks between them are the whole text', () => {
    fc.assert(
      fc.property(anyText, (source) => {
        let at = 0;
        try {
          for (const token of tokenize(source)) {
            expect(token.start).toBeGreaterThanOrEqual(at);
            expect(token.text).toBe(source.slice(token.start, token.end));
            expect(token.text).not.toBe('');
            expect(tokenize(source.slice(at, token.start))).toEqual([]);
            at = token.end;
          }
          expect(tokenize(source.slice(at))).toEqual([]);
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
        }
      }),
      runs(3000, 300_000),
    );
  });

  test.each<[string, (n: number) => string]>([
    ['spaces', (n) => ' '.repeat(n)],
    ['comments', (n) => '/**/'.repeat(n / 4)],
    ['nested comments', (n) => '/*'.repeat(n / 4) + '*/'.repeat(n / 4)],
    ['open comments', (n) => '/*'.repeat(n / 2)],
    ['dollars', (n) => '$'.repeat(n)],
    [
      'heredocs never closed',
      (n) => Array.from({ length: n / 6 }, (_, at) => `$${at.toString(36)}$ `).join(''),
    ],
    ['backslashes', (n) => `'${'\\'.repeat(n)}'`],
    ['quotes', (n) => "'".repeat(n)],
    ['digits', (n) => '1_'.repeat(n / 2)],
    ['dots', (n) => '1.'.repeat(n / 2)],
    ['parentheses', (n) => '('.repeat(n)],
    ['closed parentheses', (n) => '('.repeat(n / 2) + ')'.repeat(n / 2)],
    ['commas', (n) => 'a,'.repeat(n / 2)],
  ])('256 KiB of %s are read or refused at once', (_name, make) => {
    const began = performance.now();
    try {
      const cursor = new Cursor(make(2 ** 18));
      while (!cursor.ended) if (!cursor.takes(',')) cursor.expression();
    } catch (error) {
      if (!(error instanceof TokenError || error instanceof ParseError)) throw error;
    }
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('cursor', () => {
  const clause = (cursor: Cursor): boolean =>
    ['TTL', 'SETTINGS', 'COMMENT', 'ORDER BY', 'CODEC ('].some((words) => cursor.sees(words));

  // biome-ignore format: a table
  test.each([
    ['comment SETTINGS a = 1', 'comment'], ['COMMENT SETTINGS a = 1', 'COMMENT'], ['TTL TTL d', 'TTL'], ['SETTINGS SETTINGS a = 1', 'SETTINGS'],
    ['a + TTL TTL d', 'a + TTL'], ['a AND TTL COMMENT', 'a AND TTL'], ['NOT TTL ORDER BY', 'NOT TTL'], ['AND SETTINGS a = 1', 'AND'],
    ['IN IN (1, 2) TTL d', 'IN IN (1, 2)'], ['t.TTL TTL d', 't.TTL'], ['t.1 TTL d', 't.1'], ['[1, 2][1] TTL d', '[1, 2][1]'],
    ["f(x, (y, z) -> (y + z)['TTL']) TTL d", "f(x, (y, z) -> (y + z)['TTL'])"], ['x -> TTL TTL d', 'x -> TTL'],
    ["d + toIntervalDay(1) WHERE SETTINGS = 1 SETTINGS a = 1", 'd + toIntervalDay(1) WHERE SETTINGS = 1'], ['a IS NULL TTL d', 'a IS NULL'],
    ['a IS NOT NULL TTL d', 'a IS NOT NULL'], ['a NOT IN (1) TTL d', 'a NOT IN (1)'], ["a NOT LIKE 'TTL' TTL d", "a NOT LIKE 'TTL'"],
    ['{p:Array(UInt8)} TTL d', '{p:Array(UInt8)}'], ['CAST(a, \'UInt8\') TTL d', "CAST(a, 'UInt8')"], ['$$ TTL $$ TTL d', '$$ TTL $$'],
    ['CASE WHEN TTL THEN TTL ELSE TTL END TTL d', 'CASE WHEN TTL THEN TTL ELSE TTL END'], ['-1. TTL d', '-1.'], ['`TTL` TTL d', '`TTL`'],
    ["'TTL' TTL d", "'TTL'"], ['a AS TTL TTL d', 'a AS TTL'], ['a <=> TTL TTL d', 'a <=> TTL'], ['a DESC TTL d', 'a DESC'], ['END TTL d', 'END'],
    ['a, b TTL d', 'a'], ['a) TTL d', 'a'], ['f(a, b)(c) TTL d', 'f(a, b)(c)'], ['(a) AND (b) TTL d', '(a) AND (b)'],
  ])('in `%s` the expression is `%s`', (source, expected) => {
    const cursor = new Cursor(source);
    expect(cursor.expression(() => clause(cursor))).toBe(expected);
  });

  test('keywords are words, never quoted names or strings', () => {
    for (const source of ['`TTL`', '"TTL"', "'TTL'", '$$TTL$$', 'ttl', 'TTLs'])
      expect(new Cursor(source).sees('TTL')).toBe(false);
    expect(new Cursor('ORDER/**/BY').takes('ORDER BY')).toBe(true);
  });

  test.each<[string, (cursor: Cursor) => unknown]>([
    ['', (cursor) => cursor.expression()],
    [', a', (cursor) => cursor.expression()],
    ['f(a', (cursor) => cursor.expression()],
    ['(a', (cursor) => cursor.parenthesized()],
    ['a', (cursor) => cursor.parenthesized()],
    ['[', (cursor) => cursor.expression()],
    ["'a'", (cursor) => cursor.name()],
    ['1', (cursor) => cursor.name()],
    ['a.', (cursor) => cursor.path()],
    ['`a`', (cursor) => cursor.string()],
    ['ORDER a', (cursor) => cursor.expect('ORDER BY')],
  ])('%j is refused', (source, read) => {
    expect(() => read(new Cursor(source))).toThrow(ParseError);
  });

  test('every text ends in expressions or in a refusal', () => {
    fc.assert(
      fc.property(anyText, (source) => {
        try {
          const cursor = new Cursor(source);
          while (!cursor.ended) if (!cursor.takes(',')) cursor.expression(() => clause(cursor));
        } catch (error) {
          if (!(error instanceof TokenError || error instanceof ParseError)) throw error;
        }
      }),
      runs(3000, 300_000),
    );
  });
});

describe('on a real server', () => {
  let estate: TestEstate;
  beforeAll(async () => {
    estate = await startTestEstate();
  });
  afterAll(() => estate?.stop());

  /** The rows of a SELECT, its column names first. */
  const ask = async (query: string): Promise<string[][]> => {
    const url = `http://127.0.0.1:${estate.servers[0]?.httpPort}/?default_format=JSONCompactStringsEachRowWithNames`;
    const answer = await fetch(url, { method: 'POST', body: query });
    const body = await answer.text();
    if (!answer.ok) throw new Error(body);
    return body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };

  test('a literal is that text byte for byte, and an identifier that name', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          text.filter((value) => value !== ''),
          { minLength: 50, maxLength: 50 },
        ),
        async (values) => {
          const [names, row] = await ask(
            `SELECT ${values.map((value) => `hex(${literal(value)}) AS ${identifier(value)}`).join(', ')}`,
          );
          expect(names).toEqual(values);
          expect(row).toEqual(values.map((value) => Buffer.from(value).toString('hex').toUpperCase()));
        },
      ),
      runs(20, 2000),
    );
  });

  test('a text with escapes means to the server what it means here', async () => {
    const pieces = [...'\\\\\\\\\'`"/=%_abefnNrtv0xXdquAZ419\n\x01é'].filter((piece) => piece !== "'");
    const inner = fc
      .array(fc.constantFrom(...pieces, "\\'", "''", '\\x41', '\\xc3\\xa9'), { maxLength: 12 })
      .map((parts) => parts.join(''));
    const usable = inner.filter(
      (one) =>
        !/\\x(?![\da-f]{2})/i.test(one.replaceAll('\\\\', '')) &&
        tokenizes(`'${one}'`) &&
        !unquote(`'${one}'`).includes('\ufffd'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(usable, { minLength: 50, maxLength: 50 }), async (values) => {
        const [, row] = await ask(
          `SELECT ${values.map((value, at) => `hex('${value}') AS c${at}`).join(', ')}`,
        );
        expect(row).toEqual(
          values.map((value) =>
            Buffer.from(unquote(`'${value}'`))
              .toString('hex')
              .toUpperCase(),
          ),
        );
      }),
      runs(20, 1000),
    );
  });

  test('the server stores a name or a text as it is written here', async () => {
    await fc.assert(
      fc.asyncProperty(
        text.filter((value) => value !== ''),
        async (value) => {
          const formatted = `SELECT ${literal(value)} AS ${identifier(`${value} `)}`;
          const [, row] = await ask(`SELECT formatQuerySingleLine(${literal(formatted)})`);
          expect(
            tokenize(row?.[0] ?? '')
              .map((token) => unquote(token.text).trim())
              .filter(Boolean).length,
          ).toBeGreaterThan(0);
          expect(row).toEqual([formatted]);
        },
      ),
      runs(300, 5000),
    );
  });
});

/** Whether the whole text is one token: behind a quote that ends early, the rest could be a comment. */
function tokenizes(source: string): boolean {
  try {
    return tokenize(source)[0]?.text === source;
  } catch {
    return false;
  }
}
