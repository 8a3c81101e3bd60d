/** The command line as users run it: a process of its own, its exit codes, what it prints where, and what it leaves behind. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import schema from '../src/plan/plan.schema.json' with { type: 'json' };

const REPOSITORY = resolve(import.meta.dirname, '..');
let folder = '';

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function plumbline(...words: string[]): Promise<Result> {
  const environment = { ...process.env, NO_COLOR: '1' };
  try {
    const run = await promisify(execFile)(join(REPOSITORY, 'bin/plumbline.js'), words, {
      cwd: folder,
      env: environment,
    });
    return { code: 0, ...run };
  } catch (error) {
    return error as Result;
  }
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

/** Processes of embedded servers that run in the folder. */
async function leftovers(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  return stdout.split('\n').filter((line) => line.includes('server-process') && line.includes(folder));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-cli-'));
  for (const part of ['clusters', 'schemas'])
    await cp(join(REPOSITORY, part), join(folder, part), { recursive: true });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the story of --embedded', () => {
  it('validates without a server', async () => {
    const { code, stdout } = await plumbline('validate');
    expect(code).toBe(0);
    expect(stdout).toBe('The declarations are valid: 3 clusters, 4 nodes, 43 objects, 1 pair.\n');
  });

  it('plans what is to be created, and exits with 2', async () => {
    const { code, stdout, stderr } = await plumbline('plan', '--embedded');
    expect(stderr).toBe('');
    expect(code).toBe(2);
    expect(stdout).toContain('  + table avesa.companies  on all 2 nodes  schemas/companies.yaml:2\n');
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ to create on 4 nodes$/);
  });

  it('asks somebody, or refuses when nobody is there', async () => {
    const { code, stderr } = await plumbline('apply', '--embedded');
    expect(code).toBe(1);
    expect(stderr).toContain('say --yes to apply without asking');
  });

  it('applies, and then has nothing to do', async () => {
    const applied = await plumbline('apply', '--embedded', '--yes');
    expect(applied.code).toBe(0);
    expect(applied.stdout).toContain('Planned again: everything is as declared.');
    expect(applied.stderr).toMatch(/✓ community-1 +1\/\d+ {2}create file `config.d\/plumbline.xml`/);
    expect(applied.stderr).toMatch(/✓ community-1 +2\/\d+ {2}create database avesa/);
    const again = await plumbline('plan', '--embedded');
    expect(again.stdout.trimEnd().split('\n').at(-1)).toBe('No changes.');
    expect(again.code).toBe(0);
    expect((await plumbline('drift', '--embedded')).code).toBe(0);
  });

  it('saves a plan that follows its schema, and applies it', async () => {
    await edit(
      'schemas/companies.yaml',
      '  domain: String\n',
      '  domain: { type: String, comment: Without www }\n',
    );
    expect((await plumbline('plan', '--embedded', '--out', 'plan.json')).code).toBe(2);
    const plan = JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8'));
    const validate = new Ajv2020({ strictTypes: false }).compile(schema);
    expect(validate(plan), JSON.stringify(validate.errors)).toBe(true);
    expect((await plumbline('apply', '--embedded', 'plan.json')).code).toBe(0);
    const stale = await plumbline('apply', '--embedded', 'plan.json');
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain('table avesa.companies on community-1 needs nothing any more');
  });

  it('prints Markdown and JSON', async () => {
    await edit('schemas/companies.yaml', 'comment: Without www', 'comment: With www');
    const json = await plumbline('plan', '--embedded', '--format', 'json');
    expect(JSON.parse(json.stdout).clusters).toHaveLength(3);
    const markdown = await plumbline('plan', '--embedded', '--format', 'markdown');
    expect(markdown.stdout).toMatch(/^#/);
    expect([json.code, markdown.code]).toEqual([2, 2]);
  });

  it('destroys nothing unasked', async () => {
    await edit('schemas/contacts.yaml', '  phone: Nullable(String)\n', '');
    await edit('schemas/across-shards.yaml', '  phone: Nullable(String)\n', '');
    const refused = await plumbline('apply', '--embedded', '--yes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('needs `--allow avesa.contacts` or `--allow destructive`');
    expect(
      (await plumbline('apply', '--embedded', '--yes', '--allow', 'avesa.contacts', 'avesa.contacts_landing'))
        .code,
    ).toBe(0);
  });

  it('leaves no process behind', async () => {
    expect(await leftovers()).toEqual([]);
  });
});

describe('mistakes on the command line', () => {
  it.each([
    [
      ['plan', '--format', 'xml'],
      "argument 'xml' is invalid. Allowed choices are text, json, markdown, sarif, junit",
    ],
    [
      ['plan', '--embedded', '--url', 'enterprise=http://localhost:1'],
      '--embedded and --url exclude each other',
    ],
    [
      ['plan', '--url', 'nowhere=http://localhost:1'],
      '--url names node `nowhere`, which is not declared: community-1, community-2, enterprise, standby',
    ],
    [['plan', '--url', 'http://localhost:1'], '--url must say which node it means'],
    [['plan', '--url', 'enterprise=localhost'], '--url enterprise takes an http:// or https:// address'],
    [
      ['plan', '--url', ''],
      '--url is empty; it takes the address of a server, such as http://localhost:8123',
    ],
    [['import', '--url', '', '--name', 'one', '--estate', 'nowhere'], '--url is empty; it takes the address'],
    [
      ['import', '--url', 'http://localhost:1', '--estate', 'schemas'],
      'No cluster is declared yet, so that --url means no node; `plumbline import --url URL --name NAME`',
    ],
    [['plan', '--connect-timeout', 'soon'], 'is invalid. It takes a number of seconds.'],
    [['validate', '--estate', 'nowhere'], 'cannot be read'],
    [['apply', 'nowhere.json'], "The plan nowhere.json can't be read (ENOENT)"],
    [['frobnicate'], 'unknown command'],
  ])('%j', async (words, message) => {
    const { code, stderr } = await plumbline(...words);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it('never repeats a password in a URL', async () => {
    const { code, stderr } = await plumbline(
      'plan',
      '--url',
      'enterprise=http://me:canary-secret@localhost:1',
    );
    expect(code).toBe(1);
    expect(stderr).not.toContain('canary-secret');
  });
});
