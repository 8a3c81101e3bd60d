/** Takes what a server should be, gives the text of its config.xml and users.xml. */

import { join } from 'node:path';
import { XMLBuilder } from 'fast-xml-parser';
import { PlumblineError } from '../model/errors.ts';

export interface RemoteCluster {
  readonly name: string;
  /** Shards in order, each with its replicas; ports are native ports. */
  readonly shards: readonly (readonly { readonly host: string; readonly port: number }[])[];
}

export interface ConfigOptions {
  readonly name: string;
  readonly folder: string;
  readonly httpPort: number;
  readonly nativePort: number;
  readonly remoteServers?: readonly RemoteCluster[];
  readonly macros?: Readonly<Record<string, string>>;
}

const mebibyte = 1024 * 1024;

/** Ceilings, not reservations: the defaults (5 GiB each) are for a server that has a machine of its own. */
const caches = {
  mark_cache_size: 64 * mebibyte,
  index_mark_cache_size: 16 * mebibyte,
  primary_index_cache_size: 64 * mebibyte,
  vector_similarity_index_cache_size: 16 * mebibyte,
  text_index_postings_cache_size: 16 * mebibyte,
  compiled_expression_cache_size: 16 * mebibyte,
};

/** @throws PlumblineError when a cluster's or macro's name cannot be an XML element of ClickHouse's configuration. */
export function configXml(options: ConfigOptions): string {
  return xml({
    // The engine ignores <logger><level> and takes the level from here.
    'log-level': 'information',
    logger: { log: join(options.folder, 'server.log'), size: '10M', count: 2 },
    display_name: options.name,
    listen_host: '127.0.0.1',
    http_port: options.httpPort,
    tcp_port: options.nativePort,
    users_config: join(options.folder, 'users.xml'),
    remote_servers: named(
      (options.remoteServers ?? []).map(({ name, shards }) => [name, remoteCluster(shards)]),
    ),
    macros: named(Object.entries(options.macros ?? {})),
    query_log: {
      database: 'system',
      table: 'query_log',
      ttl: 'event_date + INTERVAL 7 DAY DELETE',
      flush_interval_milliseconds: 1000,
    },
    part_log: {
      database: 'system',
      table: 'part_log',
      ttl: 'event_date + INTERVAL 7 DAY DELETE',
      flush_interval_milliseconds: 1000,
    },
    max_server_memory_usage_to_ram_ratio: 0.5,
    memory_worker_period_ms: 500,
    ...caches,
  });
}

/** One user, `default`, without password, from this machine only, who may do everything. */
export const defaultUsersXml = xml({
  users: {
    default: {
      password: '',
      networks: { ip: ['127.0.0.1', '::1'] },
      profile: 'default',
      quota: 'default',
      access_management: 1,
      named_collection_control: 1,
    },
  },
  profiles: { default: {} },
  quotas: { default: {} },
});

function remoteCluster(shards: RemoteCluster['shards']): unknown {
  return {
    shard: shards.map((replicas) => ({ replica: replicas.map(({ host, port }) => ({ host, port })) })),
  };
}

function named(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  for (const [name] of entries) {
    if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) continue;
    throw new PlumblineError(
      `An embedded server cannot have the cluster or macro name ${JSON.stringify(name)}: use letters, digits, "_" and ` +
        '"-", and begin with a letter.',
    );
  }
  return Object.fromEntries(entries);
}

function xml(content: Record<string, unknown>): string {
  return new XMLBuilder({ format: true }).build({ clickhouse: content });
}
