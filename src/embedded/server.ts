/** Takes a folder and two ports, gives a running ClickHouse server in a child process that never outlives this one. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findEngine } from './engine.ts';
import { ping } from './ping.ts';
import { type ConfigOptions, configXml, defaultUsersXml } from './server-config.ts';
import { serverSecrets } from './server-secrets.ts';
import { startError } from './start-error.ts';

export type { RemoteCluster } from './server-config.ts';

/** `folder` comes to hold config.xml, users.xml, server.log and data/; it is made where it is missing. */
export interface ServerOptions extends ConfigOptions {
  /**
   * Replaces the default users.xml, which has one user `default` without password. The engine starts as that user, so keep
   * it, without password and with the right to SYSTEM and FILE.
   */
  readonly usersXml?: string;
  /** `Europe/Berlin`; left out, it is UTC. */
  readonly timezone?: string;
}

export interface EmbeddedServer {
  readonly name: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly httpPort: number;
  readonly nativePort: number;
  readonly pid: number;
  /** Settles when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Writes the logs out and ends the process, within two seconds; all data stays. May be called again. */
  stop(): Promise<void>;
  /** Ends the process at once (SIGKILL), as a power cut would; what it has acknowledged stays. */
  kill(): void;
}

const startLimitMs = 60_000;
const stopLimitMs = 5_000;

/**
 * Starts a server and waits until its HTTP port answers; its native port listens by then too.
 * @throws StartError with the end of its log when it ends before, or does not answer within a minute.
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const engine = findEngine();
  const folder = resolve(options.folder);
  const logStart = statSync(join(folder, 'server.log'), { throwIfNoEntry: false })?.size ?? 0;
  await writeFolder({ ...options, folder });
  const child = spawnServer(engine, folder, options.timezone ?? 'UTC');
  const exited = new Promise<void>((done) => {
    child.on('exit', () => done());
    child.on('error', () => done());
  });
  const url = `http://127.0.0.1:${options.httpPort}`;
  const outcome = await untilListening(child, folder, url);
  if (outcome !== 'listening' || child.pid === undefined) {
    child.kill('SIGKILL');
    await exited;
    const how = outcome === 'ended' ? 'ended while it started.' : 'did not answer in time.';
    throw startError(`The ClickHouse server ${options.name} ${how}`, folder, logStart);
  }
  return {
    name: options.name,
    url,
    httpPort: options.httpPort,
    nativePort: options.nativePort,
    pid: child.pid,
    exited,
    stop: () => stop(child, exited),
    kill: () => void child.kill('SIGKILL'),
  };
}

async function writeFolder(options: ServerOptions): Promise<void> {
  await mkdir(join(options.folder, 'data', 'metadata'), { recursive: true });
  await keepSystemDatabase(join(options.folder, 'data', 'metadata', 'system.sql'));
  await Promise.all([
    writeFile(join(options.folder, 'config.xml'), configXml(options)),
    writeFile(join(options.folder, 'users.xml'), options.usersXml ?? defaultUsersXml),
    rm(join(options.folder, 'listening'), { force: true }),
    rm(join(options.folder, 'flushed'), { force: true }),
  ]);
}

/** Left to itself the engine keeps `system` in memory, and after a restart the query log's old files block the new ones. */
async function keepSystemDatabase(file: string): Promise<void> {
  if (existsSync(file)) return;
  await writeFile(file, `ATTACH DATABASE _ UUID '${randomUUID()}'\nENGINE = Atomic\n`);
}

/**
 * The child holds the far ends of two pipes, its input and descriptor 3. They close when this process stops it or is gone,
 * and then the child ends. It has a session of its own (`detached`), out of reach of the terminal's Ctrl-C.
 */
function spawnServer(engine: string, folder: string, timezone: string): ChildProcess {
  // Options meant for this process, such as a loader or a debugger's port, are not for the child.
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const program = fileURLToPath(new URL('server-process.js', import.meta.url));
  const output = openSync(join(folder, 'output.log'), 'w');
  const child = spawn(process.execPath, [program, engine, join(folder, 'config.xml'), join(folder, 'data')], {
    cwd: folder,
    // The engine takes its time zone from here, not from its configuration.
    env: { ...env, ...serverSecrets(folder, env), TZ: timezone },
    detached: true,
    stdio: ['pipe', output, output, 'pipe'],
  });
  closeSync(output);
  for (const pipe of [child.stdin, child.stdio[3]]) pipe?.on('error', () => {});
  return child;
}

/** The mark is the server's own word; the port alone might be answered by a stranger that took it first. */
async function untilListening(
  child: ChildProcess,
  folder: string,
  url: string,
): Promise<'listening' | 'ended' | 'silent'> {
  const mark = join(folder, 'listening');
  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return 'ended';
    if (existsSync(mark) && (await ping(url))) return 'listening';
    await sleep(10);
  }
  return 'silent';
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  for (const pipe of [child.stdin, child.stdio[3]]) pipe?.destroy();
  const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await exited;
  clearTimeout(limit);
}
