/** Real servers from npm: what they keep, when they end, and how an estate's commands share them. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { findEngine } from '../src/embedded/engine.ts';
import { type EmbeddedEstate, type EstateNode, openEstate, type Purpose } from '../src/embedded/estate.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { type EmbeddedServer, type ServerOptions, startServer } from '../src/embedded/server.ts';
import { defaultUsersXml } from '../src/embedded/server-config.ts';
import { PlumblineError } from '../src/model/errors.ts';

const root = mkdtempSync(join(tmpdir(), 'plumbline-embedded-'));
const open: { stop(): Promise<void> }[] = [];
let folders = 0;

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const newFolder = () => join(root, `folder-${++folders}`);

async function start(options: Partial<ServerOptions> = {}): Promise<EmbeddedServer> {
  const [httpPort = 0, nativePort = 0] = await freePorts(2);
  const server = await startServer({ name: 'one', folder: newFolder(), httpPort, nativePort, ...options });
  open.push(server);
  return server;
}

async function estate(
  folder: string,
  purpose: Purpose,
  nodes = pair,
  patienceMs = 10_000,
): Promise<EmbeddedEstate> {
  const opened = await openEstate({ folder, nodes, purpose, patienceMs });
  open.push(opened);
  return opened;
}

const solo: EstateNode[] = [{ name: 'media-1', cluster: 'media', shard: 1, replica: 1 }];
const pair: EstateNode[] = [
  { name: 'community-1', cluster: 'community', shard: 1, replica: 1 },
  { name: 'community-2', cluster: 'community', shard: 2, replica: 1 },
];

async function query(url: string, sql: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', body: sql });
  const text = (await answer.text()).trim();
  if (!answer.ok) throw new Error(text);
  return text;
}

/** A zombie is gone: only its parent's note of it is left. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

async function millisecondsUntilGone(pid: number): Promise<number> {
  const from = Date.now();
  while (!isGone(pid) && Date.now() - from < 10_000) await sleep(10);
  return Date.now() - from;
}

interface Parent {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly nodes: readonly { readonly pid: number; readonly url: string }[];
  nextLine(): Promise<string>;
}

/** A process of its own that opens the one-node estate in `folder`, tells its node, and then does as `then` says. */
async function startParent(folder: string, then = ''): Promise<Parent> {
  const module = new URL('../src/embedded/estate.ts', import.meta.url).href;
  const code = `import { openEstate } from ${JSON.stringify(module)};
    const estate = await openEstate(${JSON.stringify({ folder, nodes: solo, purpose: 'command' })});
    ${then}
    console.log(JSON.stringify(estate.nodes));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  return { process: child, pid: child.pid ?? 0, nodes: JSON.parse(await nextLine()), nextLine };
}

describe('a server', () => {
  test('keeps databases, tables and rows through a stop and a kill', async () => {
    const folder = newFolder();
    const first = await start({ folder, macros: { shard: '1 <&"' } });
    await query(first.url, 'CREATE DATABASE shop');
    await query(first.url, 'CREATE TABLE shop.sales (id UInt64) ENGINE = MergeTree ORDER BY id');
    await query(first.url, 'INSERT INTO shop.sales SELECT number FROM numbers(1000)');
    expect(await query(first.url, "SELECT getMacro('shard'), timezone()")).toBe('1 <&"\tUTC');
    await first.stop();
    expect(isGone(first.pid)).toBe(true);

    const second = await start({ folder });
    expect(await query(second.url, 'SELECT count(), sum(id) FROM shop.sales')).toBe('1000\t499500');
    await query(second.url, 'INSERT INTO shop.sales SELECT number FROM numbers(1000)');
    expect(
      await query(second.url, "SELECT count() > 0 FROM system.query_log WHERE query LIKE 'CREATE DATABASE%'"),
    ).toBe('1');
    second.kill();
    await second.exited;

    const third = await start({ folder });
    expect(await query(third.url, 'SELECT count() FROM shop.sales')).toBe('2000');
  });

  test('lets its user manage access and named collections, or has the users it is given', async () => {
    const server = await start();
    await query(server.url, "CREATE NAMED COLLECTION bucket AS url = 'http://127.0.0.1/'");
    // 514: the rights are there, only a storage to write users to is not.
    await expect(query(server.url, 'CREATE USER someone')).rejects.toThrow('Code: 514');
    const usersXml = defaultUsersXml.replace(
      '<users>',
      '<users><reader><password>secret</password></reader>',
    );
    const strict = await start({ usersXml });
    await expect(query(`${strict.url}/?user=reader`, 'SELECT 1')).rejects.toThrow('AUTHENTICATION_FAILED');
    expect(await query(`${strict.url}/?user=reader&password=secret`, 'SELECT currentUser()')).toBe('reader');
  });

  test('that cannot start says why, with the end of its log', async () => {
    const folder = newFolder();
    const { httpPort } = await start({ folder });
    await expect(start({ httpPort })).rejects.toMatchObject({
      failure: 'port-taken',
      message: expect.stringMatching(
        /The ClickHouse server one ended while it started[\s\S]*Address already in use/,
      ),
    });
    await expect(start({ folder })).rejects.toMatchObject({ failure: 'folder-in-use' });
    await expect(start({ usersXml: '<broken' })).rejects.toMatchObject({ failure: 'other' });
    await expect(start({ remoteServers: [{ name: 'a b', shards: [] }] })).rejects.toThrow(
      'cluster or macro name "a b"',
    );
  });

  test('without an engine for this machine says which package is missing and what else would do', () => {
    const resolve = (specifier: string): string => {
      throw new Error(`Cannot find module '${specifier}'`);
    };
    expect(() => findEngine({ platform: 'darwin', arch: 'arm64', resolve })).toThrow(PlumblineError);
    expect(() => findEngine({ platform: 'darwin', arch: 'arm64', resolve })).toThrow(
      /@chdb\/lib-darwin-arm64, .* darwin arm64[\s\S]*--url NODE=http:\/\/host:8123 .* leave out --embedded/,
    );
    expect(() => findEngine({ platform: 'win32', arch: 'x64' })).toThrow(
      /no ClickHouse engine for win32 x64/,
    );
  });
});

describe('a server ends with its parent', () => {
  test('when that is killed, also in the middle of a long query, and its folder is free again', async () => {
    const folder = newFolder();
    const parent = await startParent(folder);
    const [node] = parent.nodes;
    if (node === undefined) throw new Error('no node');
    const sql = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1';
    const long = query(node.url, sql).catch(() => 'lost');
    const running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND elapsed > 0.2";
    while ((await query(node.url, running)) !== '1') await sleep(20);
    process.kill(parent.pid, 'SIGKILL');
    const next = estate(folder, 'command', solo);
    expect(await millisecondsUntilGone(node.pid)).toBeLessThan(2000);
    expect(await long).toBe('lost');
    expect(await query((await next).nodes[0]?.url ?? '', 'SELECT 1')).toBe('1');
  });

  test('but not before: Ctrl-C is for the parent to decide on', async () => {
    const parent = await startParent(
      newFolder(),
      `process.on('SIGINT', async () => {
         await new Promise((done) => setTimeout(done, 200));
         console.log((await fetch(estate.nodes[0].url + '/ping')).status);
         process.exit();
       });`,
    );
    process.kill(-parent.pid, 'SIGINT');
    expect(await parent.nextLine()).toBe('200');
    expect(await millisecondsUntilGone(parent.nodes[0]?.pid ?? 0)).toBeLessThan(2000);
  });

  test.each([
    ['Ctrl-C without a handler', '', (pid: number) => process.kill(-pid, 'SIGINT')],
    ['SIGTERM', '', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['an uncaught error', "setTimeout(() => { throw new Error('a bug') }, 100);", () => {}],
  ])('on %s', async (_name, then, end) => {
    const parent = await startParent(newFolder(), then);
    end(parent.pid);
    await once(parent.process, 'exit');
    expect(await millisecondsUntilGone(parent.nodes[0]?.pid ?? 0)).toBeLessThan(2000);
  });
});

describe('an estate', () => {
  test('has nodes that know their place and reach each other', async () => {
    const { nodes, attached } = await estate(newFolder(), 'command');
    expect(attached).toBe(false);
    const place = "SELECT getMacro('cluster'), getMacro('shard'), getMacro('replica') FROM";
    for (const { url } of nodes) {
      const answer = await query(url, `${place} cluster('community', system.one) ORDER BY ALL`);
      expect(answer.split('\n')).toEqual(['community\t1\t1', 'community\t2\t1']);
    }
  });

  test('of a running up serves commands that declare the same nodes', async () => {
    const folder = newFolder();
    const up = await estate(folder, 'up');
    const command = await estate(folder, 'command', [...pair].reverse());
    expect(command).toMatchObject({ attached: true, nodes: up.nodes });
    await command.stop();
    expect(await query(up.nodes[0]?.url ?? '', 'SELECT 1')).toBe('1');

    await expect(estate(folder, 'command', [...pair, ...solo])).rejects.toThrow(
      /it lacks media-1 \(cluster media, shard 1, replica 1\)\. Stop it and start `plumbline up` again/,
    );
    await expect(estate(folder, 'up')).rejects.toThrow(`runs here already, as process ${process.pid}`);
    await up.stop();
    expect(await estate(folder, 'command')).toMatchObject({ attached: false });
  });

  test('is run by one of two commands that start at the same instant; the other waits', async () => {
    const folder = newFolder();
    const both = [estate(folder, 'command', solo), estate(folder, 'command', solo)] as const;
    const winner = await Promise.race(both);
    await expect(estate(folder, 'command', solo, 300)).rejects.toThrow(`Process ${process.pid} uses them`);
    await query(winner.nodes[0]?.url ?? '', 'CREATE DATABASE seen');
    await winner.stop();
    const [first, second] = await Promise.all(both);
    const later = first === winner ? second : first;
    expect(later.nodes[0]?.pid).not.toBe(winner.nodes[0]?.pid);
    expect(
      await query(later.nodes[0]?.url ?? '', "SELECT count() FROM system.databases WHERE name = 'seen'"),
    ).toBe('1');
  });

  test('does not believe a stale state', async () => {
    const folder = newFolder();
    await (await estate(folder, 'up', solo)).stop();
    const gone = spawn(process.execPath, ['--version']);
    await once(gone, 'exit');
    for (const pid of [gone.pid, process.pid]) {
      const node = { ...solo[0], url: 'http://127.0.0.1:1', nativePort: 1, pid };
      writeFileSync(join(folder, 'estate.json'), JSON.stringify({ pid, purpose: 'up', nodes: [node] }));
      writeFileSync(join(folder, 'estate.lock'), JSON.stringify({ pid, purpose: 'up' }));
      const opened = await estate(folder, 'command', solo);
      expect(opened.attached).toBe(false);
      await opened.stop();
    }
  });

  test.each(['../out', 'a/b', '.', '', 'Å'])('refuses a node named %j', async (name) => {
    const node = { name, cluster: 'media', shard: 1, replica: 1 };
    await expect(estate(newFolder(), 'command', [node])).rejects.toThrow('its name becomes a folder');
  });

  test('stops every node when one cannot start', async () => {
    const folder = newFolder();
    const metadata = join(folder, 'nodes', 'community-2', 'data', 'metadata');
    mkdirSync(metadata, { recursive: true });
    writeFileSync(join(metadata, 'broken.sql'), 'ATTACH DATABASE');
    await expect(estate(folder, 'command')).rejects.toThrow(/The ClickHouse server community-2 ended/);
    const pid = Number(
      /PID: (\d+)/.exec(readFileSync(join(folder, 'nodes/community-1/data/status'), 'utf8'))?.[1],
    );
    expect(isGone(pid)).toBe(true);
  });
});
