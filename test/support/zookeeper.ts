/** A real ZooKeeper on this machine: Debian's package, in a folder of its own; what it holds is read and written as anybody would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from 'node-zookeeper-client';
import { freePorts } from '../../src/embedded/free-ports.ts';

const JAR = '/usr/share/java/zookeeper.jar';
const INSTALL = 'apt-get install --no-install-recommends zookeeper default-jre-headless';

export interface ZooKeeper {
  readonly port: number;
  readonly address: string;
  /** Undefined where there is no such node. */
  get(path: string): Promise<string | undefined>;
  set(path: string, text: string): Promise<void>;
  /** Creates it where it is missing, with the nodes above. */
  put(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
  stop(): Promise<void>;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return open;
}

const asked = <T>(send: (answer: (error: unknown, value?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    send((error, value) => (error ? reject(error) : resolve(value as T)));
  });

/** Milliseconds that Java and ZooKeeper get to start. */
const PATIENCE = 30_000;

/** Undefined where it does not come up: somebody else may have taken the port meanwhile. */
async function untilUp(child: ChildProcess, port: number): Promise<Client | undefined> {
  const deadline = Date.now() + PATIENCE;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline) return undefined;
    await sleep(100);
  }
  const client = createClient(`127.0.0.1:${port}`, { sessionTimeout: 10_000 });
  const connected = once(client, 'connected').then(() => client);
  client.connect();
  const up = await Promise.race([
    connected,
    once(child, 'exit').then(() => undefined),
    sleep(PATIENCE, undefined, { ref: false }),
  ]);
  if (!up) client.close();
  return up;
}

interface Started {
  readonly port: number;
  readonly folder: string;
  readonly child: ChildProcess;
  readonly client: Client;
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}

async function startOnce(): Promise<Started | string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-zookeeper-'));
  const [port = 0] = await freePorts(1);
  const settings = ['tickTime=200', `dataDir=${folder}`, `clientPort=${port}`, 'maxClientCnxns=0'];
  const more = ['clientPortAddress=127.0.0.1', 'admin.enableServer=false', 'maxSessionTimeout=60000'];
  await writeFile(join(folder, 'zoo.cfg'), [...settings, ...more].join('\n'));
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const words = ['-Xmx96m', '-XX:TieredStopAtLevel=1', '-cp', '/usr/share/java/*', main];
  const child = spawn('java', [...words, join(folder, 'zoo.cfg')], { stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let output = '';
  const failed = once(child, 'error').then(([error]: Error[]) => {
    throw new Error(`${error?.message}; this test needs Java: ${INSTALL}`);
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  const client = await Promise.race([untilUp(child, port), failed]);
  if (client) return { port, folder, child, client };
  await end(child, folder);
  return output;
}

async function startSoon(): Promise<Started> {
  let said = '';
  for (let tries = 0; tries < 3; tries += 1) {
    const started = await startOnce();
    if (typeof started !== 'string') return started;
    said = started;
  }
  throw new Error(`ZooKeeper does not start:\n${said}`);
}

/** Throws where Java or ZooKeeper is not installed: what needs it is not proven then. */
export async function startZooKeeper(): Promise<ZooKeeper> {
  if (!existsSync(JAR)) throw new Error(`There is no ${JAR}; this test needs a real ZooKeeper: ${INSTALL}`);
  const { port, folder, child, client } = await startSoon();
  return {
    port,
    address: `127.0.0.1:${port}`,
    get: (path) =>
      asked<Buffer>((answer) => client.getData(path, answer)).then(
        (data) => data.toString(),
        () => undefined,
      ),
    set: async (path, text) => {
      await asked((answer) => client.setData(path, Buffer.from(text), answer));
    },
    async put(path, text) {
      await asked((answer) => client.mkdirp(path, answer));
      await asked((answer) => client.setData(path, Buffer.from(text), answer));
    },
    remove: (path) => asked<void>((answer) => client.remove(path, (error) => answer(error))),
    async stop() {
      client.close();
      await end(child, folder);
    },
  };
}
