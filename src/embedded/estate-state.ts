/** Takes and gives what estate.json tells other processes: who runs an estate's servers, for what, and where they listen. */

import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Holder } from './estate-lock.ts';

export interface EstateNode {
  /** Also the name of the node's folder. */
  readonly name: string;
  readonly cluster: string;
  /** Counted from 1. */
  readonly shard: number;
  /** Counted from 1 within the shard. */
  readonly replica: number;
}

export interface RunningNode {
  readonly name: string;
  readonly url: string;
  readonly nativePort: number;
  readonly pid: number;
}

export interface EstateState extends Holder {
  readonly nodes: readonly (EstateNode & RunningNode)[];
}

export async function writeState(folder: string, state: EstateState): Promise<void> {
  const file = stateFile(folder);
  await writeFile(`${file}.${state.pid}`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${file}.${state.pid}`, file);
}

/** Undefined when there is none, or none that can be read. It may be stale: its holder may be gone. */
export function readState(folder: string): EstateState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(folder), 'utf8')) as EstateState;
  } catch {
    return undefined;
  }
}

export async function removeState(folder: string): Promise<void> {
  await rm(stateFile(folder), { force: true });
}

function stateFile(folder: string): string {
  return join(folder, 'estate.json');
}
