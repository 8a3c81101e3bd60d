/** A folder, a path below it and a text go in; the file stands there as a whole or not at all, and the previous one beside it. */
import { type FileHandle, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DeliveryError } from './delivery-error.ts';

/** No server reads files of these endings. */
const PREVIOUS = '.plumbline-previous';
const DRAFT = '.plumbline-draft';

async function synced(path: string, flags: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function present(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** The old text comes under its other name before the new one takes its place: at no moment is there neither. */
async function replace(target: string, text: string): Promise<void> {
  const before = await present(target);
  if (before === text) return;
  const mode = before === undefined ? 0o644 : (await stat(target)).mode;
  const draft = target + DRAFT;
  await rm(draft, { force: true });
  await synced(draft, 'wx', async (file) => {
    await file.chmod(mode);
    await file.writeFile(text);
  });
  if (before !== undefined) {
    await rm(target + PREVIOUS, { force: true });
    await link(target, target + PREVIOUS);
  }
  await rename(draft, target);
  await synced(dirname(target), 'r', async () => {});
}

/**
 * Writes it below a folder that is there already; a file that is as it should be is left alone. Throws a DeliveryError, and
 * then the file that was there before still is.
 */
export async function writeBelow(folder: string, path: string, text: string): Promise<void> {
  const target = join(folder, path);
  try {
    const found = await stat(folder);
    if (!found.isDirectory()) throw new DeliveryError(`\`${folder}\` is no folder`);
    await mkdir(dirname(target), { recursive: true });
    await replace(target, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const missing = code === 'ENOENT' ? ': the folder must be there before anything is written into it' : '';
    throw new DeliveryError(`\`${target}\` can't be written (${code})${missing}`);
  }
}

/** The text below a folder; undefined where there is none. Throws a DeliveryError. */
export async function readBelow(folder: string, path: string): Promise<string | undefined> {
  const target = join(folder, path);
  try {
    return await present(target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DeliveryError(`\`${target}\` can't be read (${code})`);
  }
}
