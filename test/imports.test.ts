/** Guards the direction of imports between the rooms of src/, and who may reach for which package. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../src');

/** A room may import from itself and from the rooms named here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  sql: [],
  tenant: [],
  kinds: ['model', 'sql'],
  lint: ['kinds', 'model', 'sql'],
  declared: ['kinds', 'model', 'sql'],
  plan: ['kinds', 'model', 'sql'],
  live: ['kinds', 'model', 'sql'],
  render: ['dr', 'scd', 'lint', 'plan', 'kinds', 'model', 'sql'],
  federation: ['plan', 'kinds', 'model', 'sql'],
  access: ['plan', 'kinds', 'model', 'sql'],
  bootstrap: ['access', 'plan', 'kinds', 'model', 'sql'],
  deliver: ['model'],
  keeper: ['model'],
  apply: [
    'stages',
    'dr',
    'federation',
    'access',
    'deliver',
    'keeper',
    'plan',
    'live',
    'declared',
    'kinds',
    'model',
    'sql',
  ],
  dr: ['plan', 'live', 'kinds', 'model', 'sql'],
  stages: ['dr', 'federation', 'render', 'plan', 'live', 'kinds', 'model', 'sql'],
  scd: ['apply', 'live', 'kinds', 'model', 'sql'],
  replay: ['live', 'model', 'sql'],
  embedded: ['model'],
  github: ['declared', 'model'],
  import: ['render', 'apply', 'plan', 'live', 'declared', 'kinds', 'model', 'sql'],
  rehearse: ['embedded', 'apply', 'plan', 'live', 'kinds', 'model'],
  commands: [
    'bootstrap',
    'stages',
    'dr',
    'replay',
    'scd',
    'tenant',
    'github',
    'import',
    'rehearse',
    'embedded',
    'apply',
    'lint',
    'render',
    'plan',
    'live',
    'declared',
    'kinds',
    'model',
    'sql',
  ],
  'cli.ts': ['commands', 'render', 'model'],
};

/** Packages that few may import, and who. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  '@clickhouse/client': ['live/server.ts', 'tenant/tenant.ts'],
  yaml: ['declared/'],
  ajv: ['declared/', 'github/', 'apply/plan-file.ts'],
  diff: ['render/'],
  'ffi-rs': ['embedded/'],
  'fast-xml-parser': ['embedded/', 'render/junit.ts', 'federation/topology-xml.ts', 'access/'],
  '@octokit': ['github/client.ts'],
  'node-zookeeper-client': ['keeper/keeper.ts'],
  ignore: ['github/code-owners.ts'],
  ora: ['commands/progress.ts'],
  '@commander-js/extra-typings': ['cli.ts', 'commands/options.ts', 'commands/github-commands.ts'],
};

/** Rooms whose answers follow from their arguments alone. */
const PURE = ['model', 'sql', 'kinds', 'lint', 'plan', 'render', 'federation', 'access', 'bootstrap'];
const ALLOWED_IN_PURE = new Set(['node:crypto', 'leven', 'diff', 'picocolors', 'fast-xml-parser']);

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const name = relative(SOURCE, file);
  const statements = /^(?:import|export)\b[^'"`]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  const targets = [...text.matchAll(statements)].map(
    ([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '',
  );
  return targets.map((target) => ({ file: name, room: name.split('/', 1)[0] ?? '', target }));
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|js)$/.test(name))
  .map((name) => join(SOURCE, name));
const imports = files.flatMap(importsOf);

function targetRoom({ file, target }: Import): string {
  return relative(SOURCE, resolve(SOURCE, dirname(file), target)).split('/', 1)[0] ?? '';
}

describe('imports', () => {
  it('go only in the directions of the design', () => {
    const wrong = imports
      .filter(({ target }) => target.startsWith('.') && !target.endsWith('/package.json'))
      .filter((one) => targetRoom(one) !== one.room && !MAY_IMPORT[one.room]?.includes(targetRoom(one)))
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('know every room', () => {
    expect([...new Set(imports.map(({ room }) => room))].filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('reach for a guarded package only where it belongs', () => {
    const wrong = imports
      .filter(({ file, target }) => {
        const owners = Object.entries(OWNERS).find(
          ([name]) => target === name || target.startsWith(`${name}/`),
        )?.[1];
        return owners !== undefined && !owners.some((owner) => file.startsWith(owner));
      })
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('keep files, clocks and networks out of the pure rooms', () => {
    const wrong = imports
      .filter(
        ({ room, target }) => PURE.includes(room) && !target.startsWith('.') && !ALLOWED_IN_PURE.has(target),
      )
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });
});

describe('source files', () => {
  it('open with a sentence that says what they are for', () => {
    const silent = files.filter((file) => !/^\/\*\*\s/.test(readFileSync(file, 'utf8')));
    expect(silent.map((file) => relative(SOURCE, file))).toEqual([]);
  });

  it('fit on a few screens', () => {
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 300);
    expect(long.map((file) => relative(SOURCE, file))).toEqual([]);
  });
});
