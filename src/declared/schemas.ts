/** The JSON Schema files go in; one schema without references for each kind, by the name in `kind:`, comes out. */

import cluster from './schema/cluster.json' with { type: 'json' };
import common from './schema/common.json' with { type: 'json' };
import database from './schema/database.json' with { type: 'json' };
import dictionary from './schema/dictionary.json' with { type: 'json' };
import drPair from './schema/dr-pair.json' with { type: 'json' };
import federation from './schema/federation.json' with { type: 'json' };
import feed from './schema/feed.json' with { type: 'json' };
import sqlFunction from './schema/function.json' with { type: 'json' };
import grant from './schema/grant.json' with { type: 'json' };
import materializedView from './schema/materialized-view.json' with { type: 'json' };
import namedCollection from './schema/named-collection.json' with { type: 'json' };
import quota from './schema/quota.json' with { type: 'json' };
import raw from './schema/raw.json' with { type: 'json' };
import resource from './schema/resource.json' with { type: 'json' };
import role from './schema/role.json' with { type: 'json' };
import rowPolicy from './schema/row-policy.json' with { type: 'json' };
import scdTable from './schema/scd-table.json' with { type: 'json' };
import settingsProfile from './schema/settings-profile.json' with { type: 'json' };
import table from './schema/table.json' with { type: 'json' };
import tenant from './schema/tenant.json' with { type: 'json' };
import user from './schema/user.json' with { type: 'json' };
import view from './schema/view.json' with { type: 'json' };
import workload from './schema/workload.json' with { type: 'json' };
import settings from './settings.schema.json' with { type: 'json' };

const FILES = {
  Cluster: cluster,
  DrPair: drPair,
  Federation: federation,
  Tenant: tenant,
  Database: database,
  Table: table,
  ScdTable: scdTable,
  Feed: feed,
  View: view,
  MaterializedView: materializedView,
  Dictionary: dictionary,
  Function: sqlFunction,
  NamedCollection: namedCollection,
  Workload: workload,
  Resource: resource,
  Role: role,
  SettingsProfile: settingsProfile,
  Quota: quota,
  RowPolicy: rowPolicy,
  Grant: grant,
  User: user,
  Raw: raw,
} as const;

export type Kind = keyof typeof FILES;

export const KINDS: readonly Kind[] = Object.keys(FILES) as Kind[];

export function schemaOf(kind: Kind): object {
  return withoutReferences(FILES[kind]);
}

/** The schema of `plumbline.yaml`. */
export function settingsSchema(): object {
  return withoutReferences(settings);
}

/**
 * Puts what is referred to in the place of each reference, under what stands beside the reference. Across a reference
 * ajv copies all errors found so far, which takes time in the square of their number.
 */
function withoutReferences(file: object): object {
  const { $defs, ...schema } = { $defs: {}, ...file };
  const definitions = new Map(
    Object.entries($defs).map(([name, part]) => [`#/$defs/${name}`, part as unknown]),
  );
  for (const [name, part] of Object.entries(common.$defs)) {
    definitions.set(`common.json#/$defs/${name}`, part);
    if (!definitions.has(`#/$defs/${name}`)) definitions.set(`#/$defs/${name}`, part);
  }
  for (const [name, part] of Object.entries(table.$defs)) definitions.set(`table.json#/$defs/${name}`, part);
  for (const [name, part] of Object.entries(user.$defs)) {
    if (!definitions.has(`#/$defs/${name}`)) definitions.set(`#/$defs/${name}`, part);
  }
  for (const [of, { properties }] of Object.entries({ user, quota })) {
    for (const [name, part] of Object.entries(properties))
      definitions.set(`${of}.json#/properties/${name}`, part);
  }
  return inline(schema, definitions) as object;
}

function inline(part: unknown, definitions: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(part)) return part.map((item) => inline(item, definitions));
  if (typeof part !== 'object' || part === null) return part;
  const { $ref, ...rest } = part as { $ref?: unknown };
  if (typeof $ref === 'string') {
    const target = definitions.get($ref) as object | undefined;
    return inline({ ...target, ...rest }, definitions);
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inline(value, definitions)]));
}
