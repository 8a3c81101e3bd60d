/** What the declarations say together: references between documents, names of nodes, the order of columns. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadEstate } from '../src/commands/estate-options.ts';
import { showFindings } from '../src/commands/output.ts';
import { DeclarationError } from '../src/model/errors.ts';

const folders: string[] = [];

async function estateOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-estate-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function mistakesOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  try {
    await loadEstate(await estateOf(files));
    return [];
  } catch (error) {
    if (error instanceof DeclarationError) return showFindings(error.findings).split('\n');
    throw error;
  }
}

const cluster = (name: string, shards: string): string =>
  `kind: Cluster\nname: ${name}\nedition: community\nversion: "26.7"\nshards: ${shards}\n`;
const ONE = '[{ replicas: [{ host: a }] }]';
const SHOP = 'kind: Database\nname: shop\non: community\n';
const CLUSTERS = { 'clusters/a.yaml': cluster('community', ONE) };

describe('references', () => {
  it('to clusters must exist', async () => {
    expect(
      await mistakesOf({
        ...CLUSTERS,
        'schemas/a.yaml': 'kind: Database\nname: shop\non: [community, comunity]\n',
      }),
    ).toEqual(['schemas/a.yaml:3:17  error  no cluster is called `comunity`; did you mean `community`?']);
  });

  it('are not reported when the document they mean has a mistake of its own', async () => {
    const clusters = { 'clusters/a.yaml': cluster('community', '[]') };
    expect(await mistakesOf({ ...clusters, 'schemas/a.yaml': SHOP })).toEqual([
      'clusters/a.yaml:5:9  error  `shards` must be a list of one shard or more, found an empty list',
    ]);
  });

  it('keep an object inside the clusters of its database', async () => {
    const clusters = {
      'clusters/a.yaml': `${cluster('community', ONE)}---\n${cluster('other', '[{ replicas: [{ host: b }] }]')}`,
    };
    const table = 'kind: Table\ndatabase: shop\nname: t\non: other\ncolumns: { k: UInt8 }\n';
    expect(await mistakesOf({ ...clusters, 'schemas/a.yaml': `${SHOP}---\n${table}` })).toEqual([
      'schemas/a.yaml:8:5  error  its database `shop` (schemas/a.yaml:2:7) does not belong on cluster `other`',
    ]);
  });

  it('from an object to clusters are needed when its database is not declared', async () => {
    const table = 'kind: Table\ndatabase: elsewhere\nname: t\ncolumns: { k: UInt8 }\n';
    expect(await mistakesOf({ ...CLUSTERS, 'schemas/a.yaml': table })).toEqual([
      'schemas/a.yaml:1:1  error  no Database `elsewhere` is declared, so this must say which clusters it belongs `on`',
    ]);
  });

  it('from a materialized view to its target must exist', async () => {
    const table = 'kind: Table\ndatabase: shop\nname: orders\ncolumns: { k: UInt8 }\n';
    const view = 'kind: MaterializedView\ndatabase: shop\nname: v\nto: order\nquery: SELECT 1 AS k\n';
    expect(await mistakesOf({ ...CLUSTERS, 'schemas/a.yaml': [SHOP, table, view].join('---\n') })).toEqual([
      'schemas/a.yaml:13:5  error  no table `shop.order` is declared for this view to write to; did you mean `shop.orders`?',
    ]);
  });
});

describe('one object', () => {
  it('is declared once, whatever its kind', async () => {
    const table = 'kind: Table\ndatabase: shop\nname: x\ncolumns: { k: UInt8 }\n';
    const view = 'kind: View\ndatabase: shop\nname: x\nquery: SELECT 1\n';
    expect(
      await mistakesOf({
        ...CLUSTERS,
        'schemas/a.yaml': SHOP,
        'schemas/b.yaml': table,
        'schemas/c.yaml': view,
      }),
    ).toEqual(['schemas/c.yaml:3:7  error  view shop.x is already declared at schemas/b.yaml:3:7']);
  });

  it('is one cluster, and one node', async () => {
    const named = '[{ replicas: [{ host: b, name: community }] }]';
    const files = {
      'clusters/a.yaml': [cluster('community', ONE), cluster('community', ONE), cluster('other', named)].join(
        '---\n',
      ),
    };
    expect(await mistakesOf({ ...files, 'schemas/a.yaml': SHOP })).toEqual([
      'clusters/a.yaml:8:7  error  cluster `community` is already declared at clusters/a.yaml:2:7',
      'clusters/a.yaml:17:23  error  node `community` is already declared at clusters/a.yaml:5:23; give one another `name`',
    ]);
  });
});

describe('an estate', () => {
  it('names nodes as shortly as their cluster allows, and fills in ports', async () => {
    const text = [
      cluster('single', ONE),
      cluster('shards', '[{ replicas: [{ host: a }] }, { replicas: [{ host: b, http_port: 1 }] }]'),
      `${cluster('replicas', '[{ replicas: [{ host: a }, { host: b, name: west }] }]')}secure: true\n`,
    ].join('---\n');
    const { clusters } = await loadEstate(
      await estateOf({
        'clusters/a.yaml': text,
        'schemas/a.yaml': 'kind: Database\nname: shop\non: single\n',
      }),
    );
    const nodes = clusters.flatMap((one) => one.nodes);
    expect(nodes.map(({ name, httpPort, nativePort }) => [name, httpPort, nativePort])).toEqual([
      ['single', 8123, 9000],
      ['shards-1', 8123, 9000],
      ['shards-2', 1, 9000],
      ['replicas-1-1', 8443, 9440],
      ['west', 8443, 9440],
    ]);
  });

  it('keeps columns in the order of the file, whatever they are called', async () => {
    const table =
      'kind: Table\ndatabase: shop\nname: t\ncolumns: { b: UInt8, "10": UInt8, __proto__: UInt8, "2": UInt8 }\n';
    const { objects } = await loadEstate(
      await estateOf({ ...CLUSTERS, 'schemas/a.yaml': `${SHOP}---\n${table}` }),
    );
    expect(objects[1]?.tree.parts.map(({ id }) => id.path.at(-1))).toEqual(['b', '10', '__proto__', '2']);
  });
});

it('hold no secret that can be read', async () => {
  const table = (name: string, rest: string): string =>
    `---\nkind: Table\ndatabase: shop\nname: ${name}\ncolumns: { k: UInt8 }\n${rest}`;
  const schemas = [
    SHOP,
    table('a', "engine: MySQL('h:1', 'shop', 'a', 'reader', 'hunter2')\n"),
    table('b', "engine: Kafka('h:1', 't', 'g', 'CSV')\nsettings: { kafka_sasl_password: hunter2 }\n"),
    table('c', "engine: MySQL('h:1', 'shop', 'a', 'reader', '{secret:SHOP_READER}')\n"),
    table('d', "engine: MySQL('h:1', 'shop', 'a', 'reader', '')\n"),
  ];
  expect(await mistakesOf({ ...CLUSTERS, 'schemas/a.yaml': schemas.join('') })).toEqual([
    "schemas/a.yaml:9:9  error  the password of table shop.a can be read by everybody who can read this file; write '{secret:NAME}' in its place",
    "schemas/a.yaml:16:34  error  kafka_sasl_password of table shop.b can be read by everybody who can read this file; write '{secret:NAME}' in its place",
  ]);
});
