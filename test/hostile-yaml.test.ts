/** Files made to break, stall or mislead the reader go in; each must be refused with a reason, in little time and memory. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Declarations, readDeclarations } from '../src/declared/files.ts';
import { keyOffset, keysInOrder, valueOffset } from '../src/declared/marks.ts';
import { readDocuments } from '../src/declared/yaml.ts';
import { showPlace } from '../src/model/place.ts';

const CLUSTER =
  'kind: Cluster\nname: main\nedition: community\nversion: 26.7\nshards: [{replicas: [{host: a}]}]\n';
const MEBIBYTE = 1024 * 1024;

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function makeEstate(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-hostile-'));
  made.push(folder);
  for (const [file, text] of Object.entries({ 'clusters/main.yaml': CLUSTER, ...files })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function show({ findings }: Declarations): string[] {
  return findings.map(({ place, rule, message }) => `${place ? showPlace(place) : '-'} ${rule}: ${message}`);
}

async function findingsOf(text: string | Uint8Array): Promise<string[]> {
  const found = await readDeclarations(makeEstate({ 'schemas/a.yaml': text }));
  return show(found).map((line) => line.replace('schemas/a.yaml:', ''));
}

describe('refused with a reason', () => {
  const tag = 'yaml-tag: tags (`!…`) are not supported; remove it, or quote text that begins with `!`';
  const deep = 'yaml-limit: nested more than 64 levels deep';
  const nested = (depth: number): string => `kind: View\nx: ${'['.repeat(depth)}${']'.repeat(depth)}`;

  // biome-ignore format: a table
  test.each<[string, string | Uint8Array, string]>([
    ['a JavaScript tag', 'kind: !!js/function "x"\n', `1:21 ${tag}`],
    ['a local tag', 'kind: !foo Table\n', `1:12 ${tag}`],
    ['a tag of YAML', 'kind: !!binary aGVsbG8=\n', `1:16 ${tag}`],
    ['a tag on a mapping', '--- !!set\n? a\n', `2:1 ${tag}`],
    ['a tag on a key', '!!str kind: Table\n', `1:7 ${tag}`],
    ['a tag with an unknown handle', 'kind: !e!foo Table\n', `1:7 ${tag}`],
    ['a merge key', 'kind: &a View\n<<: *a\n', '2:1 yaml-merge: merge keys (`<<`) are not supported; write the keys out, or quote the key'],
    ['a directive', '%YAML 1.1\n---\nkind: Database\nname: a\non: main\n', '1:1 yaml-directive: directives (`%…`) are not supported; remove the line'],
    ['an alias without anchor', 'kind: *a\n', '1:7 yaml-alias: this alias (`*…`) names no anchor (`&…`) that stands before it'],
    ['an alias inside its anchor', 'kind: &a [*a]\n', '1:11 yaml-alias: this alias (`*…`) names no anchor (`&…`) that stands before it'],
    ['a list as a key', '? [a]\n: b\n', '1:3 yaml-key: a key must be plain text, not a list, a mapping or an alias'],
    ['no key', ': b\n', '1:1 yaml-key: a key is missing before the `:`'],
    ['NUL by escape', 'kind: "a\\0"\n', '1:7 unusable-text: text must not contain NUL or half of a surrogate pair'],
    ['half a character by escape', 'kind: "a\\ud800"\n', '1:7 unusable-text: text must not contain NUL or half of a surrogate pair'],
    ['65 levels', nested(64), `2:67 ${deep}`],
    ['100,000 levels', nested(100_000), `2:69 ${deep}`],
    ['NUL', 'kind: View\nname: a\0b\n', '2:8 control-character: control character U+0000; remove it'],
    ['escape', 'kind: \x1b[31mView\n', '1:7 control-character: control character U+001B; remove it'],
    ['a carriage return that hides text', 'kind: Table\rkind: View \n', '1:12 control-character: control character U+000D; remove it'],
    ['a byte that is not UTF-8', Buffer.from('kind: \ufffd\xe9\n', 'latin1'), '1:7 not-utf8: this byte is not UTF-8; save the file as UTF-8'],
    ['UTF-16', Buffer.from('\ufeffkind: View\n', 'utf16le'), '1:1 not-utf8: this byte is not UTF-8; save the file as UTF-8'],
    ['an open quote', 'kind: View\nname: "a\nquery: b\n', '2:7 yaml-syntax: not valid YAML: this quote is not closed'],
    ['a backtick', 'kind: View\nname: `a`\n', '2:7 yaml-syntax: not valid YAML: Plain value cannot start with reserved character `; put the text in quotes'],
    ['a colon in SQL', 'kind: View\nquery: SELECT {a: Int8}: b\n', '2:8 yaml-syntax: not valid YAML: Nested mappings are not allowed in compact mappings; put text that contains `: ` in quotes'],
    ['a tab', 'kind: View\nx:\n\t- a\n', '3:1 yaml-syntax: not valid YAML: Tabs are not allowed as indentation; indent with spaces'],
  ])('%s', async (_, text, expected) => {
    expect(await findingsOf(text)).toEqual([expected]);
  });

  test('a syntax error leaves the other documents to be checked', async () => {
    expect(await findingsOf('kind: View\na: [1\n---\nkind: Veiw\n---\n"a\n---\nkind: Tabel\n')).toEqual([
      '3:1 yaml-syntax: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      '4:7 unknown-kind: unknown kind `Veiw`; did you mean `View`?',
      '6:1 yaml-syntax: not valid YAML: this quote is not closed',
      '8:7 unknown-kind: unknown kind `Tabel`; did you mean `Table`?',
    ]);
  });

  test('64 levels are read', async () => {
    expect(await findingsOf(nested(63))).not.toContainEqual(expect.stringContaining('yaml-limit'));
  });

  test('a byte order mark and Windows line ends are read', async () => {
    expect(await findingsOf('\ufeffkind: Database\r\nname: a\r\non: main\r\n')).toEqual([]);
    expect(await findingsOf('\ufeffkind: Database\r\nname: a\r\non: []\r\n')).toEqual([
      '3:5 wrong-value: `on` must be the name of a cluster or a list of names, found an empty list',
    ]);
  });

  test('more findings than anybody reads are cut', async () => {
    const findings = await findingsOf(
      `kind: View\n${Array.from({ length: 2000 }, (_, i) => `k${i}: a\n`).join('')}`,
    );
    expect(findings).toHaveLength(1001);
    expect(findings.at(-1)).toMatch(
      /too-many-mistakes: more than 1000 mistakes; the rest of this file is not shown$/,
    );
  });
});

describe('little time and memory', () => {
  const fill = (unit: string, bytes = 4 * MEBIBYTE): string =>
    unit.repeat(Math.floor((bytes - 40) / unit.length));
  const count = (times: number, line: (i: number) => string): string =>
    Array.from({ length: times }, (_, i) => line(i)).join('');
  const laughs = (): string =>
    `kind: View\na0: &a0 [ha, ha]\n${count(40, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]\n`)}`;

  // biome-ignore format: a table
  const cases: [string, () => string, string][] = [
    ['a billion laughs', laughs, 'aliases copy too many values'],
    ['laughs in many documents', () => count(2000, () => `---\n${laughs()}`), 'aliases copy too many values'],
    ['aliases to a long text', () => `kind: View\na: &a ${'x'.repeat(MEBIBYTE)}\nb: [${fill('*a,', 200_000)}]`, 'unknown key'],
    ['brackets', () => fill('['), 'nested more than 64'],
    ['braces', () => fill('{a: '), 'nested more than 64'],
    ['dashes', () => fill('- '), 'nested more than 64'],
    ['question marks', () => fill('? '), 'nested more than 64'],
    ['closing brackets', () => fill(']'), 'not valid YAML'],
    ['quotes', () => fill('"'), 'this document is too long'],
    ['anchors', () => `kind: ${fill('&a ')}`, 'this document is too long'],
    ['tags', () => `[${fill('!a b,')}]`, 'this document is too long'],
    ['a long list', () => `[${fill('a,')}]`, 'this document is too long'],
    ['syntax errors', () => fill('- "a" b\n', 200_000), 'not valid YAML'],
    ['empty lines', () => fill('\n'), 'more than 250000 lines'],
    ['a folded text', () => `kind: View\nquery: >\n${fill('  a\n', 4 * 249_000)}`, 'missing key `database`'],
    ['document ends', () => fill('...\n', 4 * 249_000), 'declares nothing'],
    ['empty documents', () => fill('---\n', 4 * 249_000), 'declares nothing'],
    ['one-word documents', () => fill('--- a\n', 6 * 249_000), 'a declaration must be a mapping'],
    ['unknown keys', () => `kind: View\n${count(35_000, (i) => `k${i}: a\n`)}`, 'missing key `database`'],
    ['missing values', () => `kind: View\nx: {${count(60_000, (i) => `k${i},`)}}`, 'missing key `database`'],
    ['columns', () => `kind: Table\nname: a\ndatabase: a\ncolumns:\n${count(30_000, (i) => ` k${i}: {}\n`)}`, 'missing key `type`'],
    ['duplicate keys', () => `kind: View\n${fill('a: b\n', 5 * 34_000)}`, 'duplicate key'],
    ['declarations', () => count(25_000, (i) => `---\n{kind: View, database: a, name: v${i}, query: a}\n`), 'more than 20000 declarations'],
  ];

  interface Result {
    readonly milliseconds: number;
    readonly messages: readonly string[];
  }

  /** One process with a small heap reads them all: what one leaves behind must not fail the next. */
  const results = new Map<string, Result>();
  let complaints = '';
  beforeAll(() => {
    const folders = cases.map(([, text]) => makeEstate({ 'schemas/a.yaml': text() }));
    const module = new URL('../src/declared/files.ts', import.meta.url).href;
    const script = `import { readDeclarations } from ${JSON.stringify(module)};
      for (const folder of process.argv.slice(1)) {
        const start = performance.now();
        const { findings } = await readDeclarations(folder);
        const milliseconds = performance.now() - start;
        const messages = findings.slice(0, 9).map(({ message }) => message);
        console.log(JSON.stringify({ folder, milliseconds, messages }));
      }`;
    const options = ['--max-old-space-size=128', '--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawnSync(process.execPath, [...options, ...folders], {
      encoding: 'utf8',
      timeout: 110_000,
    });
    complaints = child.stderr;
    for (const line of child.stdout.split('\n').filter((text) => text !== '')) {
      const { folder, ...result } = JSON.parse(line) as Result & { folder: string };
      results.set(cases[folders.indexOf(folder)]?.[0] ?? '', result);
    }
  });

  test.each(cases)('%s', (name, _, expected) => {
    const result = results.get(name);
    expect(result, `the reader ended before: ${complaints}`).toBeDefined();
    expect(result?.messages).toContainEqual(expect.stringContaining(expected));
    expect(result?.milliseconds).toBeLessThan(30_000);
  });
});

describe('anything at all', () => {
  const fragment = fc.constantFrom(
    ...[
      ' ',
      '\n',
      '  ',
      '\n  ',
      '- ',
      '? ',
      ': ',
      'a: ',
      'kind: ',
      'Table',
      'View',
      'columns:',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a ',
      '*a',
    ],
    ...[
      '!t ',
      '|\n',
      '>-\n',
      "'",
      '"',
      '%',
      '#',
      ' #',
      '\t',
      '---\n',
      '...\n',
      '`',
      '@',
      '\\',
      '<<',
      '__proto__',
      '\r\n',
      '\0',
      'ü',
      '𝄞',
    ],
  );
  const soup = fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(''));
  const folder = makeEstate({});
  mkdirSync(join(folder, 'schemas'));

  async function readIn(bytes: string | Uint8Array): Promise<Declarations> {
    writeFileSync(join(folder, 'schemas/a.yaml'), bytes);
    const start = performance.now();
    const found = await readDeclarations(folder);
    expect(performance.now() - start).toBeLessThan(2000);
    for (const { place, message } of found.findings) {
      expect(message).not.toBe('');
      if (place) expect(Math.min(place.line, place.column)).toBeGreaterThan(0);
    }
    return found;
  }

  test('bytes never throw', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => void (await readIn(bytes))),
      { numRuns: 300 },
    ));

  test('text never throws', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(soup, fc.string({ unit: 'binary' })),
        async (text) => void (await readIn(text)),
      ),
      { numRuns: 300 },
    ));

  test('repeated text takes time in line with its length', () =>
    fc.assert(
      fc.asyncProperty(soup, soup, async (first, again) => {
        await readIn(first + again.repeat(Math.floor(60_000 / (again.length + 1))));
      }),
      { numRuns: 60 },
    ));

  test('what is written is read: keys in order, values, and places that hold them', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([key]) => key, minLength: 1 }),
        (pairs) => {
          const clean = pairs.filter(([key, value]) => !/\0/.test(key + value));
          const options = {
            defaultStringType: 'QUOTE_DOUBLE',
            defaultKeyType: 'QUOTE_DOUBLE',
            lineWidth: 0,
          } as const;
          const text = stringify(new Map([['x', new Map(clean)]]), options);
          const [tree] = [...readDocuments(text, { left: 0 }, (_, rule) => expect(rule).toBe('nothing'))];
          const inner = (tree?.value as { x?: Record<string, string> } | undefined)?.x;
          expect(keysInOrder(tree?.marks ?? 0, ['x'])).toEqual(clean.map(([key]) => key));
          for (const [key, value] of clean) {
            expect(Object.getOwnPropertyDescriptor(inner, key)?.value).toBe(value);
            expect(text.slice(keyOffset(tree?.marks ?? 0, ['x', key]))).toMatch(/^(\? )?"/);
            expect(text.charAt(valueOffset(tree?.marks ?? 0, ['x', key]))).toBe('"');
          }
        },
      ),
    ));
});
