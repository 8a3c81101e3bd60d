/** Takes an estate's folder, gives the lock that lets one process at a time run its servers. */

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export type Purpose = 'command' | 'up';

export interface Holder {
  readonly pid: number;
  readonly purpose: Purpose;
}

export interface EstateLock {
  release(): void;
}

/**
 * The lock, or undefined while another holder has it. It is `flock` on an open file, so the kernel gives it up with the
 * process that holds it, however that ends: there is no stale lock, and no two processes can believe to have taken one
 * over. The file stays; its content, the holder, is for messages.
 */
export async function takeEstateLock(folder: string, purpose: Purpose): Promise<EstateLock | undefined> {
  const file = openSync(lockFile(folder), 'a+');
  if (!(await lockExclusively(file))) {
    closeSync(file);
    return undefined;
  }
  ftruncateSync(file);
  writeSync(file, JSON.stringify({ pid: process.pid, purpose } satisfies Holder));
  return { release: () => closeSync(file) };
}

/** Who holds the lock, or held it last; undefined when nobody has or the holder is about to write it. */
export function readHolder(folder: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lockFile(folder), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function lockFile(folder: string): string {
  return join(folder, 'estate.lock');
}

async function lockExclusively(file: number): Promise<boolean> {
  // Native, and missing on platforms without an engine: loaded where it is known to be there.
  const { DataType, load, open } = await import('ffi-rs');
  const lockExclusive = 2;
  const doNotWait = 4;
  const wouldBlock = process.platform === 'darwin' ? 35 : 11;
  open({ library: 'process', path: '' });
  const { value, errnoCode, errnoMessage } = load({
    library: 'process',
    funcName: 'flock',
    retType: DataType.I32,
    paramsType: [DataType.I32, DataType.I32],
    paramsValue: [file, lockExclusive | doNotWait],
    errno: true as const,
  });
  if (value === 0) return true;
  if (errnoCode === wouldBlock) return false;
  throw new Error(`Locking estate.lock failed: ${errnoMessage}`);
}
