/** A federation whose nodes are reached through proxies, by the command line as a process of its own, and come back after a kill. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../src/apply/execute.ts';
import { readState } from '../../src/embedded/estate-state.ts';
import { PlumblineError } from '../../src/model/errors.ts';
import { type Fate, type FaultProxy, startProxy } from './faults-proxy.ts';
import { type FederationEstate, NODES, ORDERS, startFederation } from './federation-estate.ts';
import { startApply } from './kill-cli.ts';

export type Victim = 'tool' | 'community-1' | 'community-2' | 'enterprise';

export interface Kill {
  readonly victim: Victim;
  /** Which request of the apply it is, counted from 1, once steps have begun; or what it says, the first time. */
  readonly at: number | RegExp;
  /** Milliseconds behind the request. */
  readonly after: number;
  /** Whether the request reaches its server, where the tool is killed. */
  readonly fate: 'pass' | 'lost';
}

export interface Killable {
  readonly federation: FederationEstate;
  /** Runs `plumbline apply`, kills, and has the server come back. Gives the requests in their order, and the one that was struck. */
  applyKilled(kill?: Kill): Promise<{ readonly requests: readonly string[]; readonly struck?: string }>;
  /** Kills a server so many milliseconds from now, and has it come back. */
  strike(victim: Exclude<Victim, 'tool'>, after: number): Promise<void>;
  /** Applies until nothing is left to do; gives how often. */
  untilDone(started?: Progress['started']): Promise<number>;
  stop(): Promise<void>;
}

const FIRST = /^INSERT INTO `plumbline`\.`journal`/;
/** Seconds. */
const LOCK = 2;

/** `up` restarts the node that the mark stands in the folder of. */
const clusterYaml = (
  name: string,
  more: string,
  folder: string,
  nodes: readonly string[],
): string => `kind: Cluster
name: ${name}
version: "26.7"
${more}
files:
  directory: "${folder}"
  reload: { command: [sh, -c, 'touch "$0" && while test -e "$0"; do sleep 0.05; done', "${folder}/restart-wanted"] }
shards:
${nodes.map((node) => `  - replicas: [${node}]`).join('\n')}
`;

async function declareNodes(federation: FederationEstate, proxies: ReadonlyMap<string, FaultProxy>) {
  const places = NODES.map((name) => {
    const { nativePort } = federation.sql(name).node;
    return `{ host: 127.0.0.1, http_port: ${proxies.get(name)?.port}, native_port: ${nativePort} }`;
  });
  const folder = federation.nodeFolder('{node}');
  const clusters = [
    clusterYaml('community', 'edition: community', folder, places.slice(0, 2)),
    clusterYaml(
      'enterprise',
      'edition: enterprise\nengines: shared\naccess: users_xml',
      folder,
      places.slice(2),
    ),
  ];
  await writeFile(join(federation.folder, 'clusters', 'clusters.yaml'), clusters.join('---\n'));
}

export async function startKillable(): Promise<Killable> {
  const federation = await startFederation({ schema: ORDERS, purpose: 'up' });
  const proxies = new Map<string, FaultProxy>();
  for (const name of NODES) proxies.set(name, await startProxy(federation.sql(name).node.httpPort));
  await declareNodes(federation, proxies);
  const processOf = (name: string): number => {
    const state = readState(join(federation.folder, '.plumbline', 'embedded'));
    const pid = state?.nodes.find((node) => node.name === name)?.pid;
    if (!pid) throw new Error(`nobody knows the process of ${name}`);
    return pid;
  };
  /** Whether there was one. */
  const signal = (name: string, what: 0 | 'SIGKILL'): boolean => {
    try {
      return process.kill(processOf(name), what);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      return false;
    }
  };
  /** A server ends also when the one that it reads from does. */
  const revive = async (): Promise<void> => {
    for (const name of NODES) if (!signal(name, 0)) await federation.restart(name);
  };
  const strike = async (victim: Exclude<Victim, 'tool'>, after: number): Promise<void> => {
    await sleep(after);
    // An apply may just be restarting it.
    while (!signal(victim, 'SIGKILL')) await sleep(20);
    await sleep(50);
    await revive();
  };
  const decideAll = (decide: FaultProxy['decide']): void => {
    for (const proxy of proxies.values()) proxy.decide = decide;
  };
  return {
    federation,
    async applyKilled(kill) {
      const run = startApply(federation.folder, LOCK);
      const requests: string[] = [];
      let struck: string | undefined;
      let revived: Promise<void> | undefined;
      const isIt = (text: string): boolean => {
        if (!kill || struck !== undefined) return false;
        return typeof kill.at === 'number' ? requests.length === kill.at : kill.at.test(text);
      };
      const hit = async ({ victim, after, fate }: Kill): Promise<Fate> => {
        if (victim !== 'tool') revived = strike(victim, after);
        else if (fate === 'pass') setTimeout(() => run.signal('SIGKILL'), after);
        else {
          run.signal('SIGKILL');
          await run.ended;
        }
        return victim === 'tool' ? fate : 'pass';
      };
      decideAll(async ({ text }) => {
        if (requests.length === 0 && !FIRST.test(text)) return 'pass';
        requests.push(text);
        if (!kill || !isIt(text)) return 'pass';
        struck = text;
        return hit(kill);
      });
      const code = await run.ended;
      decideAll(() => 'pass');
      await revived;
      await revive();
      if (!kill && code !== 0) throw new Error(run.output());
      return { requests, ...(struck !== undefined && { struck }) };
    },
    strike,
    async untilDone(started = () => {}) {
      const deadline = Date.now() + 90_000;
      for (let attempt = 1; ; attempt++) {
        try {
          const { results } = await federation.apply({
            lockSeconds: LOCK,
            progress: { started, ended: () => {} },
          });
          if (results.every(({ outcome }) => outcome === 'done')) return attempt;
        } catch (error) {
          if (!(error instanceof PlumblineError) || Date.now() > deadline) throw error;
        }
        await revive();
        if (Date.now() > deadline) throw new Error(`${attempt} applies did not end it`);
        await sleep(200);
      }
    },
    async stop() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
      await federation.stop();
    },
  };
}
