/** Workloads, which share resources by weight and limits; replaced in one statement. */
import type { Tree } from '../model/object.ts';
import { Cursor } from '../sql/cursor.ts';
import { identifier, unquote } from '../sql/quote.ts';
import { statement } from './drafts.ts';
import type { RootKind } from './kind.ts';
import { said } from './said.ts';
import { settingText } from './storage.ts';

export type Workload = Readonly<{
  /** Undefined for the one that has none. */
  parent: string | undefined;
  /** By name, or ``name FOR `resource` `` where it counts for one resource only. */
  settings: Readonly<Record<string, string>>;
}>;

type SettingDeclaration = string | Readonly<Record<string, string>>;

interface WorkloadDeclaration {
  readonly name: string;
  readonly parent?: string;
  readonly settings?: Readonly<Record<string, SettingDeclaration>>;
}

const settingOf = (name: string, resource: string | undefined): string =>
  resource === undefined ? name : `${name} FOR ${identifier(resource)}`;

function declareSettings(settings: WorkloadDeclaration['settings'] = {}): Record<string, string> {
  const entries = Object.entries(settings).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string'
      ? [[name, settingText(value)]]
      : Object.entries(value).map(([resource, one]) => [settingOf(name, resource), settingText(one)]),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function createText(start: string, { root }: Tree): string {
  const { parent, settings } = root.attributes as Workload;
  const list = Object.entries(settings).map(([name, value]) => {
    const [setting = '', ...rest] = name.split(' FOR ');
    return [`${setting} = ${value}`, ...rest].join(' FOR ');
  });
  return [
    `${start} ${identifier(root.id.path[0] ?? '')}`,
    parent !== undefined && `IN ${identifier(parent)}`,
    list.length > 0 && `SETTINGS ${list.join(', ')}`,
  ]
    .filter(Boolean)
    .join(' ');
}

function readWorkload(text: string, id: Tree['root']['id']): Tree {
  const cursor = new Cursor(text);
  cursor.expect('CREATE WORKLOAD');
  cursor.name();
  const parent = cursor.takes('IN') ? cursor.name() : undefined;
  const settings: Record<string, string> = {};
  if (cursor.takes('SETTINGS')) {
    do {
      const name = cursor.name();
      cursor.expect('=');
      const value = cursor.expression(() => cursor.sees('FOR'));
      settings[settingOf(name, cursor.takes('FOR') ? cursor.name() : undefined)] = value;
    } while (cursor.takes(','));
  }
  if (!cursor.ended) cursor.fail('the end');
  return { root: { id, attributes: { parent, settings } }, parts: [] };
}

function describeSettings(settings: Workload['settings']): Record<string, SettingDeclaration> | undefined {
  if (Object.keys(settings).length === 0) return undefined;
  const described: Record<string, SettingDeclaration> = {};
  for (const [key, value] of Object.entries(settings)) {
    const [name = '', ...rest] = key.split(' FOR ');
    const text = value.startsWith("'") ? unquote(value) : value;
    const others = described[name];
    described[name] =
      rest.length === 0
        ? text
        : { ...(typeof others === 'object' && others), [unquote(rest.join(' FOR '))]: text };
  }
  return described;
}

export const workload: RootKind<Workload> = {
  name: 'workload',
  document: 'Workload',
  attributes: { parent: 'alter', settings: 'alter' },
  declare(declared) {
    const { name, parent, settings } = declared.value as WorkloadDeclaration;
    const place = declared.place();
    const id = { kind: 'workload', path: [name] };
    const attributes = { parent, settings: declareSettings(settings) };
    return { root: { id, attributes, ...(place && { place }) }, parts: [] };
  },
  async read(server) {
    const rows = await server.workloads();
    return rows.map(({ name, statement: text }) => ({
      id: { kind: 'workload', path: [name] },
      statement: text,
    }));
  },
  parse: (live) => readWorkload(live.statement, live.id),
  normalise: async (tree, server) =>
    readWorkload(await server.format(createText('CREATE WORKLOAD', tree)), tree.root.id),
  create: (to) => statement(createText('CREATE WORKLOAD', to)),
  alter: (to) => [statement(createText('CREATE OR REPLACE WORKLOAD', to))],
  drop: (from) => statement(`DROP WORKLOAD ${identifier(from.root.id.path[0] ?? '')}`, 'destructive'),
  describe({ root }) {
    const { parent, settings } = root.attributes as Workload;
    return said({ name: root.id.path[0], parent, settings: describeSettings(settings) });
  },
};
