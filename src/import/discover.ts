/** The address of a server goes in; the declaration of the cluster that it belongs to comes out. */
import type { Described } from '../declared/write.ts';
import { IN_OUR_DATABASES } from '../live/read.ts';
import { connect, type Server } from '../live/server.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Node } from '../model/estate.ts';
import { literal } from '../sql/quote.ts';

export interface Discovery {
  readonly name: string;
  readonly url: URL;
  /** The name under which `system.clusters` knows the shards and replicas; without it, the server is the only node. */
  readonly shardsOf?: string | undefined;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

interface Facts {
  readonly version: string;
  readonly edition: Cluster['edition'];
  readonly nativePort: number;
}

/** Managed servers say so in a setting, or have tables that only they have. */
async function readFacts(server: Server, timeout: number): Promise<Facts> {
  const [row] = await server.rows<[string, string, string, string]>(
    `SELECT version(), toString(tcpPort()),
       (SELECT max(value) FROM system.settings WHERE name = 'cloud_mode'),
       toString((SELECT count() FROM system.tables WHERE ${IN_OUR_DATABASES} AND startsWith(engine, 'Shared')))`,
    { timeout },
  );
  const [version = '', port = '', cloudMode = '', shared = ''] = row ?? [];
  const edition = cloudMode === '1' ? 'cloud' : Number(shared) > 0 ? 'enterprise' : 'community';
  return { version: version.split('.').slice(0, 2).join('.'), edition, nativePort: Number(port) };
}

/** Hosts by shard, in the order in which the server numbers them. */
async function readShards(server: Server, cluster: string): Promise<string[][]> {
  const rows = await server.rows<[string, string]>(
    `SELECT toString(shard_num), host_name FROM system.clusters WHERE cluster = ${literal(cluster)} ORDER BY shard_num, replica_num`,
  );
  const shards = new Map<string, string[]>();
  for (const [shard, host] of rows) shards.set(shard, [...(shards.get(shard) ?? []), host]);
  if (shards.size === 0) {
    const known = await server.rows<[string]>(
      'SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster',
    );
    const names = known.map(([name]) => `\`${name}\``).join(', ') || 'none';
    throw new PlumblineError(`The server knows no cluster \`${cluster}\`; those it knows: ${names}.`);
  }
  return [...shards.values()];
}

/** `PROD_USER` and `PROD_PASSWORD`: where the credentials are found. They are never written down, only these names are. */
function credentialNames(name: string): { readonly user: string; readonly password: string } {
  const stem = name.toUpperCase().replaceAll('-', '_');
  return { user: `${stem}_USER`, password: `${stem}_PASSWORD` };
}

/** Throws a PlumblineError when the server can't be reached. Credentials that the environment does not have are not declared. */
export async function discoverCluster({
  name,
  url,
  shardsOf,
  connectTimeout,
}: Discovery): Promise<Described> {
  const secure = url.protocol === 'https:';
  const httpPort = Number(url.port || (secure ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const names = credentialNames(name);
  const [user, password] = [names.user, names.password].map((env) =>
    process.env[env] === undefined ? undefined : { env },
  );
  const node: Node = {
    name,
    cluster: name,
    shard: 1,
    replica: 1,
    host,
    httpPort,
    nativePort: 0,
    secure,
    user: user ?? { plain: 'default' },
    ...(password && { password }),
  };
  const server = connect(node);
  try {
    const { version, edition, nativePort } = await readFacts(server, connectTimeout);
    const shards = shardsOf === undefined ? [[host]] : await readShards(server, shardsOf);
    const isUsual = (port: number, usual: number): boolean => port === usual || port === 0;
    return {
      kind: 'Cluster',
      description: {
        name,
        edition,
        version,
        ...(secure && { secure }),
        ...(!isUsual(httpPort, secure ? 8443 : 8123) && { http_port: httpPort }),
        ...(!secure && !isUsual(nativePort, 9000) && { native_port: nativePort }),
        ...(user && { user }),
        ...(password && { password }),
        shards: shards.map((hosts) => ({ replicas: hosts.map((one) => ({ host: one })) })),
      },
    };
  } finally {
    await server.close();
  }
}
