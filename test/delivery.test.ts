/** Files on their way to a node: written as a whole, given to a program, or left to people; and what is said when that fails. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deliver } from '../src/deliver/deliver.ts';
import { runCommand } from '../src/deliver/run-command.ts';
import { CONFIG_FILE, type DeliverBy, type StepFile } from '../src/model/node-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-delivery-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (by: DeliverBy, text = '<clickhouse/>\n'): StepFile => ({
  path: CONFIG_FILE,
  text,
  by,
  reload: 'config',
});

const below = (node: string, ending = ''): string => join(folder, node, CONFIG_FILE + ending);

/** A process that nobody has waited for yet is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a file below a folder', () => {
  const by = (): DeliverBy => ({ directory: join(folder, '{node}') });

  test('stands in the folder of its node, and the one before it beside it', async () => {
    await mkdir(join(folder, 'a-1'));
    expect(await deliver(file(by(), 'one'), 'a-1')).toBe(true);
    await chmod(below('a-1'), 0o640);
    await deliver(file(by(), 'two'), 'a-1');
    expect(await readFile(below('a-1'), 'utf8')).toBe('two');
    expect(await readFile(below('a-1', '.plumbline-previous'), 'utf8')).toBe('one');
    expect((await stat(below('a-1'))).mode & 0o777).toBe(0o640);
    expect((await readdir(join(folder, 'a-1', 'config.d'))).sort()).toEqual([
      'plumbline.xml',
      'plumbline.xml.plumbline-previous',
    ]);
  });

  test('that is as it should be is left alone, with the one before it', async () => {
    await mkdir(join(folder, 'a-1'));
    for (const text of ['one', 'two', 'two']) await deliver(file(by(), text), 'a-1');
    expect(await readFile(below('a-1', '.plumbline-previous'), 'utf8')).toBe('one');
  });

  test('is not written where the folder of the node is missing', async () => {
    await expect(deliver(file(by()), 'a-2')).rejects.toThrow(
      /a-2.*can't be written \(ENOENT\): the folder must be there/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('is not written where something else has the name of a folder', async () => {
    await writeFile(join(folder, 'a-3'), '');
    await expect(deliver(file(by()), 'a-3')).rejects.toThrow(/is no folder/);
    await mkdir(join(folder, 'a-4'));
    await writeFile(join(folder, 'a-4', 'config.d'), '');
    await expect(deliver(file(by()), 'a-4')).rejects.toThrow(/can't be written \(E(EXIST|NOTDIR)\)/);
  });
});

describe('a file that is given to a program', () => {
  const by = (...command: string[]): DeliverBy => ({ command });

  test('is its input, with the node and the path in its arguments and its environment', async () => {
    const script = 'cat > "$1"; echo "$2 $PLUMBLINE_NODE $PLUMBLINE_FILE" >> "$1"';
    await deliver(file(by('sh', '-c', script, 'sh', join(folder, 'got'), '<{node}>'), 'text\n'), 'a-1');
    expect(await readFile(join(folder, 'got'), 'utf8')).toBe(`text\n<a-1> a-1 ${CONFIG_FILE}\n`);
  });

  test('may be ignored by it, whatever its size', async () => {
    expect(await deliver(file(by('true'), 'x'.repeat(4_000_000)), 'a-1')).toBe(true);
  });

  test('fails with its last words, without the secrets that it was called with', async () => {
    process.env.DELIVERY_TEST_TOKEN = 'geheim-1234';
    const script = 'echo "refused: $DELIVERY_TEST_TOKEN" >&2; exit 3';
    await expect(deliver(file(by('sh', '-c', script)), 'a-1')).rejects.toThrow(
      '`sh` for a-1 failed (exit code 3): refused: [HIDDEN]',
    );
    delete process.env.DELIVERY_TEST_TOKEN;
  });

  test('fails where there is no such program', async () => {
    await expect(deliver(file(by(join(folder, 'none'))), 'a-1')).rejects.toThrow(/for a-1 failed \(.*ENOENT/);
  });

  test('is stopped with all that it started when its time is over', async () => {
    const script = `sleep 600 & echo $! > '${join(folder, 'pid')}'; wait`;
    await expect(
      runCommand(['sh', '-c', script], 'a-1', { path: CONFIG_FILE, text: '' }, 500),
    ).rejects.toMatchObject({ isInconclusive: true, message: expect.stringContaining('did not end within') });
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    while (isAlive(pid)) await sleep(20);
  });

  test('has done its work when it ends, also where it leaves something running', async () => {
    await writeFile(join(folder, 'keep'), '');
    await deliver(
      file(by('sh', '-c', `while [ -e '${join(folder, 'keep')}' ]; do sleep 0.1; done & exit 0`)),
      'a-1',
    );
    await rm(join(folder, 'keep'));
  });
});

test('a file for people to put in its place is not delivered', async () => {
  expect(await deliver(file({ manual: true }), 'a-1')).toBe(false);
});
