/** How a command has a running `plumbline up` restart a node: by a file in the node's folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { askForRestart, watchMarks } from '../src/embedded/restart-mark.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-mark-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a restart is over when it is done, and can be asked for again', async () => {
  const restarted: string[] = [];
  const watching = watchMarks(new Map([['a-1', folder]]), async (name) => void restarted.push(name));
  for (const _ of [1, 2]) await askForRestart(folder, 'a-1');
  watching.end();
  expect(restarted).toEqual(['a-1', 'a-1']);
  expect(await readdir(folder)).toEqual([]);
});

test('a restart that fails is told, and does not keep the next one from being asked for', async () => {
  let fails = true;
  const watching = watchMarks(new Map([['a-1', folder]]), async () => {
    if (fails) throw new Error('no memory');
  });
  await expect(askForRestart(folder, 'a-1')).rejects.toThrow('`plumbline up` could not restart a-1');
  fails = false;
  await askForRestart(folder, 'a-1');
  watching.end();
});
