/** Takes an estate's nodes and a folder, gives their running servers: its own, or those of a running `plumbline up`. */

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '../model/errors.ts';
import { findEngine } from './engine.ts';
import { type EstateLock, type Purpose, readHolder, takeEstateLock } from './estate-lock.ts';
import { checkNodes, nodeFolder, type SpanningCluster, startNodes } from './estate-nodes.ts';
import {
  type EstateNode,
  type EstateState,
  type RunningNode,
  readState,
  removeState,
  writeState,
} from './estate-state.ts';
import { ping } from './ping.ts';
import { askForRestart, watchMarks } from './restart-mark.ts';

export type { Purpose } from './estate-lock.ts';
export type { EstateNode, RunningNode } from './estate-state.ts';

export interface EstateOptions {
  /** Holds estate.json, estate.lock and nodes/; it is made where it is missing. */
  readonly folder: string;
  readonly nodes: readonly EstateNode[];
  /** Clusters that the servers know beside those of the nodes. */
  readonly spanning?: readonly SpanningCluster[];
  /** `up` keeps the servers for others to attach to; a `command` runs them for itself where no `up` does. */
  readonly purpose: Purpose;
  /** How long to wait for another holder, in milliseconds; half a minute where it is left out. */
  readonly patienceMs?: number;
}

export interface EmbeddedEstate {
  readonly nodes: readonly RunningNode[];
  /** The servers belong to a running `plumbline up`, and `stop` leaves them alone. */
  readonly attached: boolean;
  /** The folder of a node, with its `config.d` and `users.d`. */
  folder(node: string): string;
  /** Restarts a node, which reads its configuration then. */
  restart(node: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs the estate's nodes, or attaches to the `plumbline up` that runs the same ones.
 * @throws PlumblineError when the engine is missing, a name does not fit, another holder is in the way, or a start fails.
 */
export async function openEstate(options: EstateOptions): Promise<EmbeddedEstate> {
  checkNodes(options.nodes);
  findEngine();
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true });
  const claim = await claimEstate({ ...options, folder });
  if ('nodes' in claim) {
    return {
      nodes: claim.nodes.map(runningNode),
      attached: true,
      folder: (name) => nodeFolder(folder, name),
      restart: (name) => askForRestart(nodeFolder(folder, name), name),
      stop: async () => {},
    };
  }
  try {
    return await runEstate({ ...options, folder }, claim);
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function runEstate(options: EstateOptions, lock: EstateLock): Promise<EmbeddedEstate> {
  const { folder, nodes, purpose } = options;
  await removeState(folder);
  const servers = await startNodes(folder, nodes, options.spanning);
  const running = () => servers.map((server) => runningNode(server.current()));
  const write = () => {
    const described = running().map((server, index) => ({ ...(nodes[index] as EstateNode), ...server }));
    return writeState(folder, { pid: process.pid, purpose, nodes: described });
  };
  // One after the other: clusters are applied side by side, and nodes of two may restart at once.
  let written = Promise.resolve();
  const describe = () => {
    written = written.then(write, write);
    return written;
  };
  await describe();
  const restart = async (name: string): Promise<void> => {
    await servers.find((server) => server.current().name === name)?.restart();
    await describe();
  };
  const watched = new Map(nodes.map(({ name }) => [name, nodeFolder(folder, name)]));
  const watching = purpose === 'up' ? watchMarks(watched, restart) : undefined;
  const end = async () => {
    watching?.end();
    await removeState(folder);
    await Promise.all(servers.map((server) => server.stop()));
    lock.release();
  };
  let ended: Promise<void> | undefined;
  const stop = () => {
    ended ??= end();
    return ended;
  };
  return {
    nodes: running(),
    attached: false,
    folder: (name) => nodeFolder(folder, name),
    restart,
    stop,
  };
}

/** The lock to run the estate with, or the state of an `up` that runs it. */
async function claimEstate(options: EstateOptions): Promise<EstateLock | EstateState> {
  const { folder, nodes, purpose, patienceMs = 30_000 } = options;
  const deadline = Date.now() + patienceMs;
  while (true) {
    const lock = await takeEstateLock(folder, purpose);
    if (lock !== undefined) return lock;
    const holder = readHolder(folder);
    if (holder?.purpose === 'up') {
      if (purpose === 'up')
        throw new PlumblineError(`\`plumbline up\` runs here already, as process ${holder.pid}.`);
      const state = readState(folder);
      // A state of an earlier holder is stale; one whose servers are silent may be about to change.
      if (state?.pid === holder.pid && (await allAnswer(state))) {
        checkSame(state, nodes);
        return state;
      }
    }
    if (Date.now() > deadline) throw inTheWay(folder);
    await sleep(100);
  }
}

async function allAnswer(state: EstateState): Promise<boolean> {
  const answers = await Promise.all(state.nodes.map((node) => ping(node.url)));
  return answers.every((answer) => answer);
}

function checkSame(state: EstateState, nodes: readonly EstateNode[]): void {
  const running = state.nodes.map(showNode);
  const declared = nodes.map(showNode);
  const missing = declared.filter((node) => !running.includes(node));
  const extra = running.filter((node) => !declared.includes(node));
  if (missing.length === 0 && extra.length === 0) return;
  const differences = [...missing.map((node) => `lacks ${node}`), ...extra.map((node) => `has ${node}`)];
  throw new PlumblineError(
    `The running \`plumbline up\` (process ${state.pid}) differs from the declarations: it ${differences.join(', ')}. ` +
      'Stop it and start `plumbline up` again.',
  );
}

function showNode({ name, cluster, shard, replica }: EstateNode): string {
  return `${name} (cluster ${cluster}, shard ${shard}, replica ${replica})`;
}

function inTheWay(folder: string): PlumblineError {
  const holder = readHolder(folder);
  const who = holder === undefined ? 'Another process' : `Process ${holder.pid}`;
  const what =
    holder?.purpose === 'up' ? 'runs `plumbline up`, but not all of its servers answer' : 'uses them';
  return new PlumblineError(
    `The embedded servers in ${folder} cannot be started: ${who} ${what}. Wait for it or end it, then try again.`,
  );
}

function runningNode({ name, url, nativePort, pid }: RunningNode): RunningNode {
  return { name, url, nativePort, pid };
}
