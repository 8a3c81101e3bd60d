/** The clusters that a server is to know go in; the text of the configuration file that says so comes out, always the same for the same clusters. */
import { XMLBuilder } from 'fast-xml-parser';
import type { Peer } from '../model/estate.ts';
import type { RemoteCluster, RemoteShard } from '../model/topology.ts';

const ATTRIBUTE = '@';

const HEAD = `<?xml version="1.0" encoding="utf-8"?>
<!-- Plumbline writes this file from the declared clusters and federations; what is changed here is overwritten. -->
`;

const builder = new XMLBuilder({
  format: true,
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  suppressEmptyNode: true,
});

const fromEnvironment = (name: string): object => ({ [`${ATTRIBUTE}from_env`]: name });

const replica = ({ host, port, secure, user, password }: Peer): object => ({
  host,
  port,
  secure: secure ? 1 : 0,
  ...(user !== undefined && { user: fromEnvironment(user) }),
  ...(password !== undefined && { password: fromEnvironment(password) }),
});

const shard = ({ internalReplication, replicas }: RemoteShard): object => ({
  internal_replication: internalReplication,
  replica: replicas.map(replica),
});

/** Without `replace`, the shards of a cluster that the server's own configuration has as well would be merged with these. */
const cluster = ({ secret, shards }: RemoteCluster): object => ({
  [`${ATTRIBUTE}replace`]: 'replace',
  ...(secret !== undefined && { secret: fromEnvironment(secret) }),
  shard: shards.map(shard),
});

export function topologyXml(clusters: readonly RemoteCluster[]): string {
  const servers = Object.fromEntries(clusters.map((one) => [one.name, cluster(one)]));
  return HEAD + builder.build({ clickhouse: clusters.length === 0 ? '' : { remote_servers: servers } });
}
