/** The registry: every kind, in the order in which they are created. */
import { column } from './column.ts';
import { constraint } from './constraint.ts';
import { database } from './database.ts';
import { dictionary } from './dictionary.ts';
import { dictionaryAttribute } from './dictionary-attribute.ts';
import { grant } from './grant.ts';
import type { PartKind, RootKind } from './kind.ts';
import { materializedView } from './materialized-view.ts';
import { namedCollection } from './named-collection.ts';
import { projection } from './projection.ts';
import { quota } from './quota.ts';
import { raw } from './raw.ts';
import { resource } from './resource.ts';
import { role } from './role.ts';
import { rowPolicy } from './row-policy.ts';
import { settingsProfile } from './settings-profile.ts';
import { skippingIndex } from './skipping-index.ts';
import { sqlFunction } from './sql-function.ts';
import { table } from './table.ts';
import { user } from './user.ts';
import { view } from './view.ts';
import { workload } from './workload.ts';

/** Attributes differ from kind to kind; what is generic only ever reads them by name through the kind's own rules. */
const register = <K>(...kinds: unknown[]): readonly K[] => kinds as readonly K[];

export const ROOT_KINDS = register<RootKind>(
  database,
  namedCollection,
  resource,
  workload,
  sqlFunction,
  role,
  settingsProfile,
  user,
  quota,
  rowPolicy,
  grant,
  table,
  dictionary,
  view,
  materializedView,
  raw,
);
export const PART_KINDS = register<PartKind>(
  column,
  skippingIndex,
  constraint,
  projection,
  dictionaryAttribute,
);

const roots = new Map(ROOT_KINDS.map((kind) => [kind.name, kind]));
const parts = new Map(PART_KINDS.map((kind) => [kind.name, kind]));

/** The kind of objects that exist by themselves, by name. Throws for a name that was never registered. */
export function rootKind(name: string): RootKind {
  const kind = roots.get(name);
  if (!kind) throw new Error(`no kind is called ${name}`);
  return kind;
}

/** The kind of parts, by name. Throws for a name that was never registered. */
export function partKind(name: string): PartKind {
  const kind = parts.get(name);
  if (!kind) throw new Error(`no kind of parts is called ${name}`);
  return kind;
}
