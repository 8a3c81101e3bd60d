/** Stands in for a managed server: a real one that calls its databases and MergeTree tables shared, as those of the cloud are. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const PLACEMENT = "\\'/clickhouse/tables/{uuid}/{shard}\\', \\'{replica}\\'";

const TABLES = `(SELECT * REPLACE (
    multiIf(is_temporary OR NOT match(create_table_query, 'ENGINE = \\\\w*MergeTree'), create_table_query,
      match(create_table_query, 'ENGINE = \\\\w*MergeTree\\\\('),
      replaceRegexpOne(create_table_query, 'ENGINE = (\\\\w*MergeTree)\\\\(', 'ENGINE = Shared\\\\1(${PLACEMENT}, '),
      replaceRegexpOne(create_table_query, 'ENGINE = (\\\\w*MergeTree)', 'ENGINE = Shared\\\\1(${PLACEMENT})')) AS create_table_query,
    if(engine LIKE '%MergeTree' AND NOT is_temporary, concat('Shared', engine), engine) AS engine)
  FROM system.tables)`;

const DATABASES =
  "(SELECT * REPLACE (replaceRegexpOne(engine, '^Atomic$', 'Shared') AS engine, replaceRegexpOne(engine_full, '^Atomic', 'Shared') AS engine_full) FROM system.databases)";

export interface ManagedServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startManaged(target: number): Promise<ManagedServer> {
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming);
    const asked = /^\s*SELECT\b/.test(body)
      ? body
          .replaceAll(/\bsystem\.tables\b/g, () => TABLES)
          .replaceAll(/\bsystem\.databases\b/g, () => DATABASES)
      : body;
    const answer = await fetch(`http://127.0.0.1:${target}${incoming.url}`, { method: 'POST', body: asked });
    outgoing.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
