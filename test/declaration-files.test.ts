/** Estates with odd folders, links and files go in; which files are read, and why others are refused, is checked. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Declarations, readDeclarations } from '../src/declared/files.ts';
import { showPlace } from '../src/model/place.ts';

const CLUSTER =
  'kind: Cluster\nname: main\nedition: community\nversion: 26.7\nshards: [{replicas: [{host: a}]}]\n';
const DATABASE = 'kind: Database\nname: a\non: main\n';
const MEBIBYTE = 1024 * 1024;

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function makeEstate(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-files-'));
  made.push(folder);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function show({ findings }: Declarations): string[] {
  return findings.map(({ place, rule, message }) => `${place ? showPlace(place) : '-'} ${rule}: ${message}`);
}

describe('folders', () => {
  const nothing = (folder: string, problem: string): string =>
    `- no-declarations: the folder \`${folder}/\` ${problem}; an estate needs at least one declaration in it`;

  test('a folder that is missing or declares nothing is an error', async () => {
    expect(show(await readDeclarations(makeEstate({})))).toEqual([
      nothing('clusters', 'is missing'),
      nothing('schemas', 'is missing'),
    ]);
    const empty = makeEstate({
      'clusters/a.yaml': CLUSTER,
      'schemas/a.yaml': '# nothing\n---\n---\n',
      'schemas/b.json': '{}',
    });
    expect(show(await readDeclarations(empty))).toEqual([nothing('schemas', 'declares nothing')]);
  });

  test('an estate that is missing is an error', async () => {
    const folder = join(makeEstate({}), 'no');
    expect(show(await readDeclarations(folder))).toEqual([
      `- unreadable: the estate's folder \`${folder}\` cannot be read (ENOENT)`,
    ]);
  });

  test('a symbolic link inside the estate is followed', async () => {
    const folder = makeEstate({
      'clusters/a.yaml': CLUSTER,
      'shared/a.yaml': DATABASE,
      'schemas/b.yaml': DATABASE,
    });
    symlinkSync('../shared/a.yaml', join(folder, 'schemas/a.yaml'));
    symlinkSync('../shared', join(folder, 'schemas/c'));
    const found = await readDeclarations(folder);
    expect(show(found)).toEqual([]);
    expect(found.entries.map(({ file }) => file)).toEqual([
      'clusters/a.yaml',
      'schemas/a.yaml',
      'schemas/b.yaml',
      'schemas/c/a.yaml',
    ]);
  });
});

describe('paths', () => {
  test('symbolic links that leave the estate, loops and special files are refused', async () => {
    const outside = makeEstate({ 'clusters/main.yaml': CLUSTER, 'schemas/secret.yaml': DATABASE });
    const folder = makeEstate({ 'clusters/main.yaml': CLUSTER, 'schemas/a.yaml': DATABASE });
    symlinkSync(join(outside, 'schemas/secret.yaml'), join(folder, 'schemas/b.yaml'));
    symlinkSync(join(outside, 'schemas'), join(folder, 'schemas/c'));
    symlinkSync('../schemas', join(folder, 'schemas/d'));
    symlinkSync('nothing', join(folder, 'schemas/e.yaml'));
    expect(spawnSync('mkfifo', [join(folder, 'schemas/f.yaml')]).status).toBe(0);
    writeFileSync(join(folder, 'schemas/g\n::error.yaml'), DATABASE);
    mkdirSync(join(folder, 'schemas/h.yaml'));
    const found = await readDeclarations(folder);
    const leaves = 'is a symbolic link that leaves the estate; put the file itself here';
    expect(show(found)).toEqual([
      `schemas/b.yaml:1:1 refused-file: \`schemas/b.yaml\` ${leaves}`,
      `schemas/c:1:1 refused-file: \`schemas/c\` ${leaves}`,
      'schemas/d:1:1 refused-file: `schemas/d` is a folder that is read already; remove the symbolic link',
      'schemas/e.yaml:1:1 refused-file: `schemas/e.yaml` cannot be read (ENOENT)',
      'schemas/f.yaml:1:1 refused-file: `schemas/f.yaml` is not a regular file',
      'schemas/g�::error.yaml:1:1 refused-file: `schemas/g�::error.yaml` has control characters in its name',
    ]);
    expect(found.entries.map(({ file }) => file)).toEqual(['clusters/main.yaml', 'schemas/a.yaml']);
  });

  test('a whole folder behind a symbolic link that leaves the estate is refused', async () => {
    const outside = makeEstate({ 'clusters/main.yaml': CLUSTER, 'schemas/a.yaml': DATABASE });
    const folder = makeEstate({ 'clusters/main.yaml': CLUSTER });
    symlinkSync(join(outside, 'schemas'), join(folder, 'schemas'));
    expect(show(await readDeclarations(folder))).toEqual([
      'schemas:1:1 refused-file: `schemas` is a symbolic link that leaves the estate; put the file itself here',
    ]);
  });

  test('a large file is refused before it is read', async () => {
    const folder = makeEstate({ 'clusters/main.yaml': CLUSTER, 'schemas/a.yaml': '' });
    truncateSync(join(folder, 'schemas/a.yaml'), 100 * MEBIBYTE);
    const before = process.memoryUsage();
    expect(show(await readDeclarations(folder))).toEqual([
      'schemas/a.yaml:1:1 too-large: this file is larger than 4 MiB; split it',
    ]);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(20 * MEBIBYTE);
  });

  test('too many bytes together are refused', async () => {
    const text = `${DATABASE}# ${'x'.repeat(3.9 * MEBIBYTE)}\n`;
    const files = Array.from(
      { length: 17 },
      (_, i) => [`schemas/${String(i).padStart(2, '0')}.yaml`, text] as const,
    );
    expect(
      show(
        await readDeclarations(makeEstate({ 'clusters/main.yaml': CLUSTER, ...Object.fromEntries(files) })),
      ),
    ).toEqual([
      'schemas/16.yaml:1:1 too-large: all declarations together are larger than 64 MiB; this file is not read',
    ]);
  });
});
