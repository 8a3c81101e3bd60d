/** The JSON Schemas of the declarations go in; that editors can use them as they are is checked. */

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const DECLARATIONS = `kind: Cluster
name: main
edition: community
version: 26.10
access: users_xml
files: {command: [./deliver.sh, "{node}", 1], reload: {command: [./reload.sh]}}
peers: {user: {from_env: READER}, password: {from_env: READER_PASSWORD}}
shards:
  - replicas: [{host: node-1.example.com}]
---
kind: Federation
name: federation
members: [main, other]
reads: main
stage: decommission
tables: [shop.*]
kept: [main]
network: {keeper: [keeper.example.com:9181], path: /clickhouse/networks, sign_in: {env: KEEPER}, addresses: {main: 10.0.0.1}, cluster: other}
---
kind: DrPair
name: telemetry
sites: [{cluster: main, address: 10.0.0.1}, {cluster: other, address: ["::1", a.example.com]}]
active: {dns: failover.example.com}
tables: telemetry.*
except: [telemetry.a, telemetry.b]
auto_create: true
clean_checks: 5
hot_after: 10 MINUTE
copy: {named_collection: other_site}
repair: {max_bytes: 1.5 TiB, max_partitions: 10, bandwidth: 50 MiB, concurrency: 2}
---
kind: Database
name: 2024
on: main
prune: [a]
---
kind: Table
database: shop
name: a
columns:
  a: {type: Float64, default: 1.0, comment: true}
  b: {type: Float64, default: NULL}
  c: {type: Float64, ephemeral: }
settings: {a: 1, b: true, c: 1.5}
order_by: [1, true]
ttl: 1
---
kind: ScdTable
database: shop
name: customers
tenant: tenant
key: id
ignored: [seen]
columns:
  tenant: String
  id: UInt64
  name: {type: String, default: 1}
  seen: DateTime
validity: {from: since, to: 2024}
names: {current: now}
---
kind: Feed
name: customers
table: shop.customers
source: {s3: {collection: lake, path: '{tenant}/*.parquet'}}
format: Parquet
mapping: {id: 1, name: , active: true}
deleted: false
mode: full
max_closed_share: 5%
---
kind: MaterializedView
database: shop
name: daily
query: SELECT 1
populate: false
---
kind: Dictionary
database: shop
name: d
columns:
  id: UInt64
  a: {type: UInt8, default: 1, hierarchical: true}
primary_key: id
source:
  http:
    url: http://a
    port: 1
    credentials: {user: a, password: {secret: A}}
    headers: {header: [{name: a, value: b}]}
layout: {hashed: {shards: 4}}
lifetime: 300
range: {min: 1, max: b}
settings: {a: 1}
---
kind: Function
name: f
on: main
lambda: x -> 1
---
kind: Tenant
name: 2024
on: main
tables: [shop.*]
users: [{name: 1, identified: {with: no_password}, settings: {a: 1, b: {value: true}}}]
quota: {intervals: [{every: 1 HOUR, limits: {queries: 10}}]}
settings: {a: 1}
feeds: all
---
kind: NamedCollection
name: c
on: [main]
values: {a: 1, b: {secret: A}, c: {value: x, overridable: true}, d: {secret: A, overridable: false}}
---
kind: Workload
name: w
on: main
parent: all
settings: {weight: 3, max_io_requests: {disk: 10}}
---
kind: Resource
name: r
on: main
operations: [READ DISK a]
`;

describe('the JSON Schemas', () => {
  const names = [
    'common',
    'cluster',
    'dr-pair',
    'federation',
    'database',
    'table',
    'scd-table',
    'feed',
    'view',
    'materialized-view',
    'dictionary',
    'function',
    'named-collection',
    'role',
    'grant',
    'settings-profile',
    'quota',
    'row-policy',
    'user',
    'tenant',
    'workload',
    'resource',
    'raw',
    'declaration',
  ];
  const schemas = new Map(
    names.map((name) => [
      `${name}.json`,
      JSON.parse(
        readFileSync(new URL(`../src/declared/schema/${name}.json`, import.meta.url), 'utf8'),
      ) as object,
    ]),
  );

  test('every property is described and no other is allowed', () => {
    const bare: string[] = [];
    const visitProperties = (properties: object, path: string): void => {
      for (const [name, property] of Object.entries(properties) as [string, object][]) {
        const isRule = path.includes('dependentSchemas');
        if (!isRule && !('description' in property || '$ref' in property)) bare.push(`${path}/${name}`);
        visit(property, `${path}/${name}`);
      }
    };
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties, ...rest } = schema as Record<string, unknown>;
      if (properties) visitProperties(properties, path);
      if (properties && 'type' in rest && rest.additionalProperties !== false) bare.push(`${path} is open`);
      for (const [name, part] of Object.entries(rest)) visit(part, `${path}/${name}`);
    };
    for (const [name, schema] of schemas) if (name !== 'declaration.json') visit(schema, name);
    expect(bare).toEqual([]);
  });

  test('an editor, which sees numbers, booleans and null, accepts the same declarations', () => {
    const ajv = new Ajv2020({ strict: false });
    for (const [name, schema] of schemas) if (name !== 'declaration.json') ajv.addSchema(schema, name);
    const validate = ajv.compile(schemas.get('declaration.json') ?? {});
    for (const document of parseAllDocuments(DECLARATIONS))
      expect([document.toJS(), validate(document.toJS())]).toEqual([document.toJS(), true]);
    expect(validate({ kind: 'Table', database: 'a', name: 'b', columns: { a: 'Int8' }, orderby: 'a' })).toBe(
      false,
    );
  });
});
