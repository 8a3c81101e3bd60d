/** The HTTP port of a server on this machine goes in; a connection to it comes out, as the user without a password if not told. */
import { connect, type Server } from '../../src/live/server.ts';
import type { Node } from '../../src/model/estate.ts';

export function connectLocal(httpPort: number, node: Partial<Node> = {}): Server {
  const { name = 'test', cluster = name } = node;
  return connect({
    ...{ shard: 1, replica: 1, host: '127.0.0.1', nativePort: 0, secure: false },
    ...{ user: { plain: 'default' }, ...node, name, cluster, httpPort },
  });
}
