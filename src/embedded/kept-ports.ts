/** Folders of nodes go in; two free ports for each come out, those of its last run where they can be: files that name them stay true. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';

export interface Ports {
  readonly httpPort: number;
  readonly nativePort: number;
}

const FILE = 'ports.json';

function lastPorts(folder: string): Ports | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Ports;
  } catch {
    return undefined;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** `anew`: none of the last run's, because somebody took one in between. */
export async function keptPorts(folders: readonly string[], anew: boolean): Promise<Ports[]> {
  const fresh = await freePorts(folders.length * 2);
  const taken = new Set<number>();
  const chosen: Ports[] = [];
  for (const [at, folder] of folders.entries()) {
    const last = anew ? undefined : lastPorts(folder);
    const numbers = last ? [last.httpPort, last.nativePort] : [];
    const free = await Promise.all(numbers.map((port) => !taken.has(port) && isFree(port)));
    const [httpPort = 0, nativePort = 0] = fresh.slice(at * 2);
    const ports = last && free.every(Boolean) ? last : { httpPort, nativePort };
    for (const port of [ports.httpPort, ports.nativePort]) taken.add(port);
    chosen.push(ports);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, FILE), JSON.stringify(ports));
  }
  return chosen;
}
