/** Lint: every rule on its own examples and on a real server, silencing, and what the command says and exits with. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { type LintOptions, lint } from '../src/commands/lint.ts';
import type { Output } from '../src/commands/output.ts';
import { plan } from '../src/commands/plan.ts';
import { validate } from '../src/commands/validate.ts';
import common from '../src/declared/schema/common.json' with { type: 'json' };
import { rootKind } from '../src/kinds/index.ts';
import { planWithLint } from '../src/lint/in-plan.ts';
import { LINT_RULES, lintRule } from '../src/lint/index.ts';
import { lintEstate } from '../src/lint/lint.ts';
import type { Rule } from '../src/lint/rule.ts';
import { DeclarationError } from '../src/model/errors.ts';
import type { Estate } from '../src/model/estate.ts';
import type { Finding } from '../src/model/finding.ts';
import { isAccess, type ObjectId } from '../src/model/object.ts';
import { showPlace } from '../src/model/place.ts';
import { planFindings } from '../src/model/plan.ts';
import type { Step } from '../src/model/step.ts';
import { planOf } from '../src/plan/digest.ts';
import { corpusCases } from './support/corpus.ts';
import { lintReference } from './support/lint-reference.ts';
import { size } from './support/size.ts';
import { startTestEstate, type TestEstate } from './support/test-estate.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-lint-'));
  await mkdir(join(folder, 'clusters'));
  await mkdir(join(folder, 'schemas'));
  const cluster = (name: string): string =>
    `kind: Cluster\nname: ${name}\nedition: community\nversion: "26.7"\nshards: [{ replicas: [{ host: ${name}.internal }] }]\n`;
  const clusters = ['test', 'first', 'second'].map(cluster).join('---\n');
  await writeFile(join(folder, 'clusters/all.yaml'), clusters);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The examples belong on one cluster unless they are about several. */
async function estateOf(text: string): Promise<Estate> {
  const on = text.includes('on: [first, second]') ? '[first, second]' : 'test';
  await writeFile(join(folder, 'schemas/database.yaml'), `kind: Database\nname: shop\non: ${on}\n`);
  await writeFile(join(folder, 'schemas/shop.yaml'), text);
  return loadEstate(folder);
}

/** A text with a piece of it missing, doubled, or in the place of another. */
const torn = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(text.length), fc.nat(text.length))
    .map(
      ([a, b, c]) =>
        `${text.slice(0, a)}${text.slice(Math.min(b, c), Math.max(b, c))}${text.slice(a + c)}` || 'x',
    );

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ place, rule }) => `${place && showPlace(place)} ${rule}`);

async function mistakes(text: string): Promise<string[]> {
  try {
    await estateOf(text);
    return [];
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    return error.findings.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`);
  }
}

describe('every rule', () => {
  it('has a name of its own, which declarations may silence', () => {
    const slugs = LINT_RULES.map(({ slug }) => slug);
    expect(new Set(slugs).size).toBe(slugs.length);
    expect(common.$defs.lint.properties.ignore.propertyNames.enum).toEqual(slugs);
    expect(slugs.length).toBeGreaterThanOrEqual(24);
  });

  it.each(LINT_RULES)(
    '$slug finds its bad example, and nothing else in it',
    async ({ slug, severity, bad }) => {
      const findings = lintEstate(await estateOf(bad));
      expect([...new Set(findings.map(({ rule }) => rule))]).toEqual([slug]);
      for (const finding of findings) {
        expect(finding.severity).toBe(severity);
        expect(finding.place?.file).toBe('schemas/shop.yaml');
        expect(finding.message).toMatch(/; .*[^.]$/s);
      }
    },
  );

  it.each(LINT_RULES)('$slug finds nothing in its good example', async ({ good }) => {
    expect(told(lintEstate(await estateOf(good)))).toEqual([]);
  });

  it('is in docs/lint.md', async () => {
    await expect(lintReference(LINT_RULES)).toMatchFileSnapshot('../docs/lint.md');
  });
});

const SETTINGS = (lint: string): string => `kind: Table
database: shop
name: settings
columns:
  name: String
  type: String
${lint}`;

const ignore = (rules: string, indent = ''): string =>
  `${indent}lint:\n${indent}  ignore:\n${indent}    ${rules}\n`;

describe('whatever is declared', () => {
  it.each(['before.yaml', 'after.yaml'])(
    'is read without a fault: %s of every corpus folder',
    async (name) => {
      const inner = join(folder, name);
      await cp(join(folder, 'clusters'), join(inner, 'clusters'), { recursive: true });
      for (const one of corpusCases) {
        await cp(join(import.meta.dirname, 'corpus', one, name), join(inner, 'schemas', `${one}.yaml`));
      }
      const estate = await loadEstate(inner);
      expect(estate.objects.length).toBeGreaterThan(corpusCases.length);
      const findings = lintEstate(estate);
      expect(findings.filter(({ rule, place }) => !lintRule(rule) || !place)).toEqual([]);
      await rm(inner, { recursive: true });
    },
  );

  it('is read without a fault when its SQL is torn', async () => {
    const tear = fc.record({
      type: torn("LowCardinality(Nullable(DateTime64(3, 'UTC')))"),
      key: torn('(toYYYYMM(`a b`), cityHash64(x) % 16, tuple(y))'),
      engine: torn("ReplicatedReplacingMergeTree('/a/{shard}', '{replica}', v)"),
      ttl: torn('t + INTERVAL 90 DAY TO DISK $$x$$, t + toIntervalMonth(3)'),
      query: torn(
        "WITH 1 AS x SELECT *, t.*, count(*) FROM a.`b` LEFT JOIN c USING (d) SETTINGS x = 'y' LIMIT 1",
      ),
    });
    await fc.assert(
      fc.asyncProperty(tear, async ({ type, key, engine, ttl, query }) => {
        const declared = [
          { kind: 'Database', name: 'shop', on: 'test' },
          {
            kind: 'Table',
            database: 'shop',
            name: 't',
            columns: { t: type },
            engine,
            partition_by: key,
            order_by: [key, 't'],
            ttl,
          },
          { kind: 'MaterializedView', database: 'shop', name: 'v', to: 't', columns: { t: type }, query },
          { kind: 'View', database: 'shop', name: 'w', query },
        ];
        await writeFile(join(folder, 'schemas/database.yaml'), '# nothing\n');
        await writeFile(
          join(folder, 'schemas/shop.yaml'),
          declared.map((one) => JSON.stringify(one)).join('\n---\n'),
        );
        const estate = await loadEstate(folder).catch((error) => {
          if (error instanceof DeclarationError) return undefined;
          throw error;
        });
        if (estate) lintEstate(estate);
      }),
      { seed: 4, numRuns: size(300, 20_000) },
    );
  });
});

describe('silencing', () => {
  it('takes a finding away, for the object or for a column', async () => {
    expect(told(lintEstate(await estateOf(SETTINGS(''))))).toEqual([
      'schemas/shop.yaml:1:1 no-sorting-key',
      'schemas/shop.yaml:6:3 low-cardinality-missing',
    ]);
    const whole = SETTINGS(ignore('{ no-sorting-key: small, low-cardinality-missing: made up by users }'));
    expect(told(lintEstate(await estateOf(whole)))).toEqual([]);
    const column = SETTINGS('order_by: name\n').replace(
      'type: String',
      'type: { type: String, lint: { ignore: { low-cardinality-missing: made up by users } } }',
    );
    expect(told(lintEstate(await estateOf(column)))).toEqual([]);
  });

  it('is told where it silences nothing', async () => {
    const unused = `${SETTINGS('order_by: name\n').replace('type: String', 'kind: { type: LowCardinality(String), lint: { ignore: { low-cardinality-missing: why } } }')}${ignore('float-in-key: why')}`;
    const findings = lintEstate(await estateOf(unused));
    expect(told(findings)).toEqual([
      'schemas/shop.yaml:6:59 unused-ignore',
      'schemas/shop.yaml:10:5 unused-ignore',
    ]);
    expect(findings[0]?.message).toContain('for column `kind`');
  });

  it('needs a rule that exists, and a reason', async () => {
    expect(await mistakes(SETTINGS(ignore('no-sorting-kee: small')))).toEqual([
      '9:5 `no-sorting-kee` cannot be a key here; did you mean `no-sorting-key`?',
    ]);
    expect(await mistakes(SETTINGS(ignore('anything: small')))).toEqual([
      '9:5 `anything` cannot be a key here; it must be the name of a lint rule (docs/lint.md)',
    ]);
    expect(await mistakes(SETTINGS(ignore('no-sorting-key: ""')))).toEqual([
      '9:21 `no-sorting-key` must be the reason why the rule does not hold here, found an empty text',
    ]);
    expect(await mistakes(SETTINGS(ignore('no-sorting-key:')))).toEqual([
      expect.stringMatching(/^9:5 `no-sorting-key` has no value/),
    ]);
  });

  it('leaves SQL that can not be read to the server', async () => {
    const findings = lintEstate(await estateOf(`${SETTINGS('order_by: name\nttl: "now() + (1"\n')}`));
    expect(told(findings)).toEqual([]);
  });
});

/** Runs a command; what it writes to standard output, and to standard error. */
async function ran(command: (output: Output) => Promise<number>): Promise<[number, string, string]> {
  let [text, notes] = ['', ''];
  const output: Output = {
    result: (more) => {
      text += more;
    },
    note: (more) => {
      notes += `${more}\n`;
    },
    colour: false,
    live: false,
  };
  return [await command(output), text, notes];
}

describe('plumbline lint', () => {
  const run = async (options: Partial<LintOptions> = {}, estate = folder): Promise<[number, string]> => {
    const [code, text] = await ran((output) =>
      lint({ estate, format: 'text', severity: 'warning', ...options }, output),
    );
    return [code, text];
  };

  it('exits with 0 for warnings, with 1 for errors and with --strict', async () => {
    await estateOf(SETTINGS('order_by: name\n'));
    const [code, text] = await run();
    expect(code).toBe(0);
    expect(text).toBe(`! warning low-cardinality-missing  schemas/shop.yaml:6:3
    \`type\` seems to have few different values; make it LowCardinality(String) or an Enum

2 objects: 1 warning
`);
    expect((await run({ strict: true }))[0]).toBe(1);
    expect(await run({ strict: true, severity: 'error' })).toEqual([0, '2 objects: no findings\n']);
    await estateOf(LINT_RULES.find(({ severity }) => severity === 'error')?.bad ?? '');
    expect((await run())[0]).toBe(1);
  });

  it('writes SARIF with the help of its rules, JUnit and JSON', async () => {
    await estateOf(SETTINGS('order_by: name\n'));
    const { runs } = JSON.parse((await run({ format: 'sarif' }))[1]);
    expect(runs[0].tool.driver.rules).toHaveLength(1);
    expect(runs[0].tool.driver.rules[0]).toMatchObject({
      id: 'low-cardinality-missing',
      helpUri: 'https://clickhouse.com/docs/sql-reference/data-types/lowcardinality',
      help: { markdown: expect.stringContaining('status: LowCardinality(String)') },
    });
    expect(runs[0].results[0].locations[0].physicalLocation.region).toEqual({ startLine: 6, startColumn: 3 });
    expect((await run({ format: 'junit' }))[1]).toContain('low-cardinality-missing schemas/shop.yaml:6:3');
    expect(JSON.parse((await run({ format: 'json' }))[1])).toMatchObject([
      { rule: 'low-cardinality-missing', place: { file: 'schemas/shop.yaml', line: 6, column: 3 } },
    ]);
  });

  it('leaves out what plumbline.yaml silences, in the folder or above it up to the repository', async () => {
    await estateOf(SETTINGS('order_by: name\n'));
    const settings = (text: string) => writeFile(join(folder, 'plumbline.yaml'), text);
    await settings(ignore('low-cardinality-missing: ours are large'));
    expect((await run())[1]).toBe('2 objects: no findings\n');
    await settings(ignore('{ low-cardinality-missing: ours are large, float-in-key: why }'));
    expect((await run())[1]).toContain('! warning unused-ignore  plumbline.yaml:3:48\n');
    const inner = join(folder, 'inner');
    for (const name of ['clusters', 'schemas'])
      await cp(join(folder, name), join(inner, name), { recursive: true });
    expect((await run({}, inner))[1]).toBe('2 objects: no findings\n');
    await mkdir(join(inner, '.git'));
    expect((await run({}, inner))[1]).toContain('! warning low-cardinality-missing');
    await settings('lint: { ignore: { nothing: why } }');
    await expect(run()).rejects.toThrow('The declarations have 1 mistake.');
    await rm(join(folder, 'plumbline.yaml'));
  });
});

describe('plumbline validate', () => {
  const run = (format: 'text' | 'sarif' | 'junit') =>
    ran((output) => validate({ estate: folder, format }, output));

  it('shows warnings and does not fail for them; errors fail', async () => {
    await estateOf(SETTINGS(''));
    const [code, text, notes] = await run('text');
    expect([code, text]).toEqual([0, 'The declarations are valid: 3 clusters, 3 nodes, 2 objects.\n']);
    expect(notes).toContain('! warning no-sorting-key  schemas/shop.yaml:1:1\n');
    expect((await run('sarif'))[1]).toContain('"ruleId": "no-sorting-key"');
    await estateOf(LINT_RULES.find(({ severity }) => severity === 'error')?.bad ?? '');
    expect((await run('text'))[0]).toBe(1);
    expect((await run('junit'))[1]).toContain('failures="1"');
  });
});

describe('a plan', () => {
  it('tells what lint finds in the objects that it creates or changes, on each of their nodes', async () => {
    const estate = await estateOf(SETTINGS(''));
    const object = (name: string): ObjectId => ({ kind: 'table', path: ['shop', name] });
    const step = (name: string, action: 'alter' | 'drop') => ({ action, object: object(name) }) as Step;
    const node = (name: string, steps: readonly Step[]) => ({
      node: name,
      address: '',
      steps,
      unmanaged: [],
      findings: [],
    });
    const nodes = [
      node('a', [step('settings', 'alter')]),
      node('b', [step('other', 'alter'), step('settings', 'drop')]),
    ];
    const unlinted = planOf([{ cluster: 'test', edition: 'community', nodes }]);
    const linted = planWithLint(unlinted, lintEstate(estate));
    expect(planFindings(linted).map(({ node: where, rule }) => `${where} ${rule}`)).toEqual([
      'a no-sorting-key',
      'a low-cardinality-missing',
    ]);
    expect(linted.digest).toBe(unlinted.digest);
  });
});

describe('the examples on a real server', () => {
  let estate: TestEstate;
  beforeAll(async () => {
    estate = await startTestEstate(1, {
      remoteServers: [{ name: 'test', shards: [[{ host: '127.0.0.1', port: 9000 }]] }],
    });
  });
  afterAll(() => estate?.stop());

  /** The reason why the server refuses one of the objects; undefined when it takes all of them. */
  async function refusal(text: string): Promise<string | undefined> {
    const [sql] = estate.sql;
    const { objects } = await estateOf(text);
    try {
      for (const { tree } of objects) {
        const draft = rootKind(tree.root.id.kind).create(tree);
        const statements = 'statements' in draft ? draft.statements : [];
        // It understands those about access, but has nowhere to keep what they make (514), nor the role that others are about (511).
        if (isAccess(tree.root.id))
          for (const statement of statements)
            await expect(sql?.run(statement)).rejects.toThrow(/code 51[14]/);
        else for (const statement of statements) await sql?.run(statement);
      }
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await sql?.run('DROP DATABASE IF EXISTS shop SYNC');
    }
  }

  it.each(LINT_RULES)('$slug', async ({ bad, good, refusal: expected }: Rule) => {
    expect(await refusal(good)).toBeUndefined();
    const refused = await refusal(bad);
    if (expected === undefined) expect(refused).toBeUndefined();
    else expect(refused).toContain(expected);
  });

  it('is planned with its warnings, which change no exit code, and are silent when there is nothing to do', async () => {
    await estate.write({ 'shop.yaml': `kind: Database\nname: shop\non: test\n---\n${SETTINGS('')}` });
    const options = { estate: estate.folder, connectTimeout: 10, format: 'text' } as const;
    const [code, text] = await ran((output) => plan(options, output));
    expect(code).toBe(2);
    expect(text).toContain('  ! warning no-sorting-key  on test  schemas/shop.yaml:5\n');
    expect((await estate.apply()).results.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    const [after, quiet] = await ran((output) => plan(options, output));
    expect(after).toBe(0);
    expect(quiet).not.toContain('no-sorting-key');
  });
});
