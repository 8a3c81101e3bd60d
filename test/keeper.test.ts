/** Lists of addresses in a real ZooKeeper: changed by us, by others at the same time, and over connections that break. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runRegistration } from '../src/apply/run-registration.ts';
import { addressesIn, withAddresses } from '../src/federation/networks-text.ts';
import { openKeeper } from '../src/keeper/keeper.ts';
import type { Step } from '../src/model/step.ts';
import { cutAt } from './support/cutting-proxy.ts';
import { terminateTls } from './support/tls-terminator.ts';
import { startZooKeeper, type ZooKeeper } from './support/zookeeper.ts';

const PATH = '/clickhouse/networks';
const LOCAL = '<ip>::1</ip><ip>127.0.0.1</ip>';

let zookeeper: ZooKeeper;
beforeAll(async () => {
  zookeeper = await startZooKeeper();
});
afterAll(() => zookeeper?.stop());
beforeEach(() => zookeeper.put(PATH, LOCAL));

interface Asked {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly at?: string;
  readonly path?: string;
  readonly connectTimeout?: number;
}

const change = ({
  add = [],
  remove = [],
  at = zookeeper.address,
  path = PATH,
  connectTimeout = 5000,
}: Asked) => {
  const registration = { by: { keeper: [at] }, add, remove, text: '', owned: [] };
  const object = { kind: 'keeper list', path: [path] };
  const step: Step = {
    ...{ action: 'alter', object, statements: [], registration, verdict: 'metadata', hazards: [] },
    ...{ changes: [], refusals: [], fingerprint: '' },
  };
  return runRegistration({ connectTimeout, keepLock: async () => {} }, { step }, registration);
};

test('what others wrote stays as they wrote it', async () => {
  await zookeeper.set(PATH, '<ip>::1</ip>\n  <ip>10.0.0.0/8</ip> <host>a.example.com</host>\n');
  expect(await change({ add: ['192.0.2.1', '192.0.2.2'] })).toEqual({ outcome: 'done' });
  const text = '<ip>::1</ip>\n  <ip>10.0.0.0/8</ip> <host>a.example.com</host>\n';
  expect(await zookeeper.get(PATH)).toBe(`${text}<ip>192.0.2.1</ip><ip>192.0.2.2</ip>`);
  expect(await change({ remove: ['192.0.2.1', '192.0.2.2'] })).toEqual({ outcome: 'done' });
  expect(await zookeeper.get(PATH)).toBe(text);
});

test('an empty list lets the servers themselves in, too', async () => {
  await zookeeper.set(PATH, '');
  await change({ add: ['192.0.2.1'] });
  expect(await zookeeper.get(PATH)).toBe(`${LOCAL}<ip>192.0.2.1</ip>`);
});

test('writers at the same time lose nothing of one another', async () => {
  const ours = Array.from({ length: 12 }, (_, at) => `192.0.2.${at + 1}`);
  const ends = await Promise.all(ours.map((one) => change({ add: [one] })));
  expect(ends.map(({ outcome }) => outcome)).toEqual(ours.map(() => 'done'));
  expect([...addressesIn((await zookeeper.get(PATH)) ?? '')].sort()).toEqual(
    ['127.0.0.1', '::1', ...ours].sort(),
  );
});

test('a text is replaced only while it is the one that was read', async () => {
  const keeper = await openKeeper({ addresses: [zookeeper.address], timeout: 5000 });
  const before = await keeper.read(PATH);
  await zookeeper.set(PATH, `${LOCAL}<ip>10.1.1.1</ip>`);
  expect(await keeper.write(PATH, 'lost', before?.version ?? 0)).toBe(false);
  keeper.close();
  expect(await zookeeper.get(PATH)).toBe(`${LOCAL}<ip>10.1.1.1</ip>`);
});

test('a list that is not there, or is none, is left alone', async () => {
  expect(await change({ add: ['192.0.2.1'], path: '/clickhouse/nothing' })).toEqual({
    outcome: 'failed',
    error: 'nothing was changed: the Keeper has no node /clickhouse/nothing',
  });
  await zookeeper.set(PATH, '<ip>::1</ip><ip>10.0.0.1');
  const { outcome, error } = await change({ add: ['192.0.2.1'] });
  expect([outcome, error]).toEqual([
    'failed',
    `nothing was changed: ${PATH} holds \`<ip>::1</ip><ip>10.0.0.1\``,
  ]);
  expect(await zookeeper.get(PATH)).toBe('<ip>::1</ip><ip>10.0.0.1');
});

test.each(['before', 'after'] as const)(
  'a session lost %s the list was changed is made good',
  async (when) => {
    const proxy = await cutAt(zookeeper.port, when);
    expect(await change({ add: ['192.0.2.1'], at: proxy.address })).toEqual({ outcome: 'done' });
    expect(proxy.cuts()).toBe(1);
    expect(await zookeeper.get(PATH)).toBe(withAddresses(LOCAL, ['192.0.2.1'], []));
    await proxy.stop();
  },
);

test('a Keeper that does not answer is told, and nothing was changed', async () => {
  const { outcome, error } = await change({ add: ['192.0.2.1'], at: '127.0.0.1:1', connectTimeout: 150 });
  expect([outcome, error]).toEqual(['failed', 'Keeper 127.0.0.1:1: no answer within 0.15 s']);
});

test('a Keeper behind TLS is read and written, by whom it is trusted', async () => {
  const tls = await terminateTls(zookeeper.port);
  const [address, other] = [`tls://localhost:${tls.port}`, `tls://127.0.0.1:${tls.port}`];
  const keeper = await openKeeper({ addresses: [address], ca: tls.ca, timeout: 5000 });
  const before = await keeper.read(PATH);
  expect(before?.text).toBe(LOCAL);
  expect(await keeper.write(PATH, `${LOCAL}<ip>192.0.2.7</ip>`, before?.version ?? 0)).toBe(true);
  keeper.close();
  expect(await zookeeper.get(PATH)).toBe(`${LOCAL}<ip>192.0.2.7</ip>`);
  await expect(openKeeper({ addresses: [address], timeout: 300 })).rejects.toThrow(
    /no answer within 0.3 s; (self-signed certificate|unable to verify the first certificate)/,
  );
  await expect(openKeeper({ addresses: [other], ca: tls.ca, timeout: 300 })).rejects.toThrow(
    /no answer within 0.3 s; .*does not match certificate's altnames/,
  );
  await tls.stop();
});
