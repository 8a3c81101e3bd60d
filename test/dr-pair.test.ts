/** DrPair documents go in; their defaults, their mistakes with places, and which site is active are checked. */
import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { expand } from '../src/declared/expand.ts';
import { readDeclarations } from '../src/declared/files.ts';
import { unmatchedPatterns } from '../src/declared/unmatched-patterns.ts';
import { directionOf, type Resolve } from '../src/dr/direction.ts';
import { type DrPair, fitsTable, isPaired } from '../src/model/dr-pair.ts';
import { showPlace } from '../src/model/place.ts';
import { type Folder, makeFolder } from './support/folder.ts';

const made: Folder[] = [];
afterAll(() => Promise.all(made.map((folder) => folder.remove())));

const cluster = (name: string, shards: number): string => `kind: Cluster
name: ${name}
edition: community
version: 26.7
shards: [${Array.from({ length: shards }, () => '{ replicas: [{ host: localhost }] }').join(', ')}]
---
`;

const SCHEMAS = `kind: Database
name: shop
on: [west, east]
prune: true
---
kind: Table
database: shop
name: orders
columns: { id: UInt64 }
order_by: id
`;

/** Clusters: `west` and `east` of one shard, `big` of two. */
async function declare(pair: string, schemas = SCHEMAS) {
  const folder = await makeFolder({
    'clusters/a.yaml': cluster('west', 1) + cluster('east', 1) + cluster('big', 2),
    'clusters/pair.yaml': pair,
    'schemas/shop.yaml': schemas,
  });
  made.push(folder);
  const read = await readDeclarations(folder.path);
  const { estate, findings } = expand(read.entries);
  const told = [...read.findings, ...findings].map(
    ({ place, rule, message }) =>
      `${place ? showPlace(place).replace('clusters/pair.yaml:', '') : '-'} ${rule}: ${message}`,
  );
  return { estate, told };
}

const SITES = 'sites: [{ cluster: west, address: 10.0.0.1 }, { cluster: east, address: 10.0.0.2 }]';
const PAIR = `kind: DrPair
name: shop
${SITES}
active: { dns: failover.example.com }
tables: shop.*
`;

async function pairOf(text = PAIR): Promise<DrPair> {
  const { estate, told } = await declare(text);
  expect(told).toEqual([]);
  return estate.pairs[0] as DrPair;
}

describe('a declared pair', () => {
  it('has every default', async () => {
    const { place, ...pair } = await pairOf();
    expect(place && showPlace(place)).toBe('clusters/pair.yaml:2:7');
    expect(pair).toEqual({
      name: 'shop',
      sites: [
        { cluster: 'west', addresses: ['10.0.0.1'] },
        { cluster: 'east', addresses: ['10.0.0.2'] },
      ],
      active: { dns: 'failover.example.com' },
      tables: ['shop.*'],
      except: [],
      autoCreate: false,
      compare: 'digest',
      hotAfter: 600,
      cleanChecks: 3,
      copy: undefined,
      repair: { maxBytes: 100 * 1024 ** 3, maxPartitions: 100, bandwidth: undefined, concurrency: 1 },
      repairOnApply: false,
    });
  });

  it('says otherwise', async () => {
    const pair = await pairOf(`kind: DrPair
name: shop
sites: [{ cluster: west }, { cluster: east }]
active: { fixed: east }
tables: [shop.*, logs.web*]
except: shop.tmp_*
compare: rows
hot_after: 90 seconds
clean_checks: 5
copy: { named_collection: "read_{site}" }
repair: { max_bytes: 1.5 TiB, max_partitions: 7, bandwidth: 50MiB, concurrency: 2, on_apply: true }
`);
    expect(pair).toMatchObject({
      active: { fixed: 'east' },
      tables: ['shop.*', 'logs.web*'],
      except: ['shop.tmp_*'],
      compare: 'rows',
      hotAfter: 90,
      cleanChecks: 5,
      copy: { namedCollection: 'read_{site}' },
      repair: { maxBytes: 1.5 * 1024 ** 4, maxPartitions: 7, bandwidth: 50 * 1024 ** 2, concurrency: 2 },
      repairOnApply: true,
    });
  });

  it.each([
    [
      'unknown cluster',
      PAIR.replace('east', 'eastt'),
      ['3:58 unknown-cluster: no cluster is called `eastt`; did you mean `east`?'],
    ],
    [
      'no way to copy',
      `${PAIR}repair: { on_apply: true }\n`,
      ['6:21 missing-key: a repair needs `copy`: how the passive site reads the active one'],
    ],
    [
      'one cluster',
      PAIR.replace('east', 'west'),
      ['3:58 same-site: both sites are the cluster `west`; a pair needs two'],
    ],
    [
      'other shards',
      PAIR.replace('east', 'big'),
      ['3:58 other-shards: shard n is paired with shard n, but `west` has 1 and `big` has 2'],
    ],
    [
      'one address',
      PAIR.replace('10.0.0.2', '[10.0.0.3, 10.0.0.1]'),
      [
        '3:73 same-site: both sites have the address `10.0.0.1`, so that nobody could tell which one is active',
      ],
    ],
    [
      'no address',
      PAIR.replace(', address: 10.0.0.2', ''),
      [
        '3:47 missing-key: the site needs an `address`: what `failover.example.com` resolves to while it is active',
      ],
    ],
    [
      'neither site',
      PAIR.replace('dns: failover.example.com', 'fixed: big'),
      ['4:18 unknown-site: `big` is none of the sites, `west` and `east`'],
    ],
    [
      'prune',
      `${PAIR}auto_create: true\n`,
      [
        '6:14 prunes-created: `auto_create` would create what `prune` of database `shop` drops; leave one of them out',
      ],
    ],
    [
      'twice',
      `${PAIR}---\n${PAIR}`,
      ['8:7 duplicate: pair `shop` is already declared at clusters/pair.yaml:2:7'],
    ],
    [
      'one site',
      PAIR.replace(SITES, 'sites: [{ cluster: west }]'),
      ['3:8 wrong-value: `sites` must be a list of two sites, found a list'],
    ],
    [
      'a table alone',
      PAIR.replace('shop.*', 'orders'),
      [
        '5:9 wrong-value: `tables` must be `database.table`, in which `*` stands for any characters, or a list of such patterns, found `orders`',
      ],
    ],
    [
      'a time',
      `${PAIR}hot_after: 10\n`,
      [
        '6:12 wrong-value: `hot_after` must be a time such as `30 SECOND`, `10 MINUTE`, `1 HOUR` or `2 DAY`, found `10`',
      ],
    ],
    [
      'a size',
      `${PAIR}repair: { max_bytes: 10 }\n`,
      ['6:22 wrong-value: `max_bytes` must be a number of bytes such as `500 MiB` or `1.5 TiB`, found `10`'],
    ],
    [
      'two ways',
      PAIR.replace('.com }', '.com, fixed: west }'),
      ['4:9 wrong-value: `active` must be `{dns: NAME}` or `{fixed: CLUSTER}`, found `dns` and `fixed`'],
    ],
    [
      'a key',
      `${PAIR}autocreate: true\n`,
      ['6:1 unknown-key: unknown key `autocreate`; did you mean `auto_create`?'],
    ],
  ])('tells its mistakes: %s', async (_, text, expected) => {
    expect((await declare(text)).told).toEqual(expected);
  });

  it('needs a named collection for each shard', async () => {
    const text = `${PAIR.replace('west', 'big').replace('east', 'wide')}copy: { named_collection: other }\n---\n${cluster('wide', 2)}`;
    expect((await declare(text.replace(/---\n$/, ''))).told).toEqual([
      '6:27 one-server: a named collection is one server, and the sites have 2 shards: name one for each, such as `other_{shard}`',
    ]);
  });

  it('is warned of patterns that no declared table fits', async () => {
    const warnings = async (rest: string) => {
      const { estate } = await declare(PAIR.replace('tables: shop.*\n', rest));
      return unmatchedPatterns(estate).map(({ message, place }) => `${place?.line}: ${message}`);
    };
    expect(await warnings('tables: [shop.order, shop.*, logs.*]\n')).toEqual([
      '2: pair `shop`: no declared table of its sites fits `shop.order`; did you mean `shop.orders`?',
      '2: pair `shop`: no declared table of its sites fits `logs.*`',
    ]);
    expect(await warnings('tables: logs.*\nauto_create: true\n')).toEqual([]);
  });

  it('belongs under clusters/', async () => {
    const { told } = await declare(PAIR, `${SCHEMAS}---\n${PAIR}`);
    expect(told).toEqual([
      'schemas/shop.yaml:12:7 wrong-folder: a DrPair belongs under `clusters/`, not under `schemas/`',
    ]);
  });
});

describe('a pattern', () => {
  it.each([
    ['shop.*', ['shop', 'orders'], true],
    ['shop.*', ['shop2', 'orders'], false],
    ['*.*', ['a', 'b.c'], true],
    ['shop.a*b*c', ['shop', 'a--b--c'], true],
    ['shop.a*b*c', ['shop', 'a--c--b'], false],
    ['shop.a*a', ['shop', 'a'], false],
    ['shop.a.b', ['shop', 'a.b'], true],
    ['s?op.+', ['s?op', '+'], true],
    ['shop.orders', ['shop', 'Orders'], false],
  ] as const)('%s names %j: %s', (pattern, path, expected) => {
    expect(fitsTable(pattern, path)).toBe(expected);
  });

  it('leaves out what another says', () => {
    const pair = { tables: ['shop.*'], except: ['*.tmp_*'] };
    expect(
      [
        ['shop', 'a'],
        ['shop', 'tmp_a'],
        ['b', 'a'],
      ].map((path) => isPaired(pair, path)),
    ).toEqual([true, false, false]);
  });
});

describe('the direction', () => {
  const hosts =
    (names: Readonly<Record<string, readonly string[]>>): Resolve =>
    async (name) => {
      const found = names[name];
      if (!found) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
      return found;
    };
  const RECORD = 'failover.example.com';

  it.each([
    ['the first', ['10.0.0.1'], 'west', `${RECORD} is 10.0.0.1`],
    ['the second', ['10.0.0.2'], 'east', `${RECORD} is 10.0.0.2`],
    ['one of several addresses', ['10.0.0.2', '10.9.9.9'], 'east', `${RECORD} is 10.0.0.2 and 10.9.9.9`],
    ['an IPv4 address inside of IPv6', ['::FFFF:10.0.0.2'], 'east', `${RECORD} is 10.0.0.2`],
    ['neither', ['10.9.9.9'], undefined, `${RECORD} is 10.9.9.9, which neither site has`],
    [
      'both',
      ['10.0.0.2', '10.0.0.1'],
      undefined,
      `${RECORD} is 10.0.0.1 and 10.0.0.2, which both sites have`,
    ],
    ['nothing', [], undefined, `${RECORD} is nothing, which neither site has`],
  ])('is known by the record: %s', async (_, addresses, active, reason) => {
    const direction = await directionOf(await pairOf(), hosts({ [RECORD]: addresses }));
    expect([direction.active?.cluster, direction.reason]).toEqual([active, reason]);
    if (direction.active) expect(direction.passive.cluster).toBe(active === 'west' ? 'east' : 'west');
  });

  it('is unknown where a name does not resolve', async () => {
    const pair = await pairOf();
    expect(await directionOf(pair, hosts({}))).toEqual({
      active: undefined,
      reason: `${RECORD} does not resolve (getaddrinfo ENOTFOUND ${RECORD})`,
    });
    const named = await pairOf(PAIR.replace('10.0.0.2', 'gate.east.example.com'));
    expect((await directionOf(named, hosts({ [RECORD]: ['10.0.0.1'] }))).reason).toBe(
      'an address of the sites does not resolve (getaddrinfo ENOTFOUND gate.east.example.com)',
    );
  });

  it('follows names and IPv6 addresses of the sites', async () => {
    const pair = await pairOf(PAIR.replace('10.0.0.2', '["2001:DB8:0::1", gate.east.example.com]'));
    const resolve = (address: string) =>
      hosts({ [RECORD]: [address], 'gate.east.example.com': ['10.7.0.1', '2001:db8::7'] });
    for (const address of ['2001:db8::1', '10.7.0.1', '2001:db8:0:0::7'])
      expect((await directionOf(pair, resolve(address))).active?.cluster).toBe('east');
  });

  it('may be fixed', async () => {
    const pair = await pairOf(PAIR.replace('dns: failover.example.com', 'fixed: east'));
    expect(await directionOf(pair, hosts({}))).toMatchObject({
      active: { cluster: 'east' },
      passive: { cluster: 'west' },
      reason: 'the declaration says so',
    });
  });

  it('is what the system says, /etc/hosts included', async () => {
    const pair = await pairOf(PAIR.replace(RECORD, 'localhost').replace('10.0.0.2', '[127.0.0.1, "::1"]'));
    expect(await directionOf(pair)).toMatchObject({ active: { cluster: 'east' } });
  });

  it('follows a record of a DNS server', async () => {
    const server = await startDns();
    try {
      const dns = new Resolver();
      dns.setServers([`127.0.0.1:${server.port}`]);
      const resolve: Resolve = (name) => dns.resolve4(name);
      const pair = await pairOf();
      server.answer = [10, 0, 0, 1];
      expect((await directionOf(pair, resolve)).active?.cluster).toBe('west');
      server.answer = [10, 0, 0, 2];
      expect((await directionOf(pair, resolve)).active?.cluster).toBe('east');
      server.answer = undefined;
      expect((await directionOf(pair, resolve)).reason).toContain('does not resolve');
    } finally {
      server.socket.close();
    }
  });
});

/** Answers every question for an IPv4 address with the one that is set, or that there is no such name. */
async function startDns() {
  const socket: Socket = createSocket('udp4');
  const server = { socket, port: 0, answer: undefined as readonly number[] | undefined };
  socket.on('message', (question, { port, address }) => {
    const head = Buffer.from(question.subarray(0, 12));
    const name = question.subarray(12, question.indexOf(0, 12) + 5);
    head.writeUInt16BE(server.answer ? 0x8180 : 0x8183, 2);
    head.writeUInt16BE(server.answer ? 1 : 0, 6);
    head.writeUInt32BE(0, 8);
    const record = server.answer ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...server.answer] : [];
    socket.send(Buffer.concat([head, name, Buffer.from(record)]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  server.port = socket.address().port;
  return server;
}
