/** Two servers with every kind of object over the rows of three tenants, and users for whom the tenants' documents count. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { XMLBuilder } from 'fast-xml-parser';
import { expand } from '../../src/declared/expand.ts';
import { expandScd } from '../../src/declared/expand-scd.ts';
import { expandTenants, tenantColumns } from '../../src/declared/expand-tenants.ts';
import { readDeclarations } from '../../src/declared/files.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { type EmbeddedServer, startServer } from '../../src/embedded/server.ts';
import { authoredText } from '../../src/live/desired.ts';
import { isAccess } from '../../src/model/object.ts';
import { identifier } from '../../src/sql/quote.ts';
import { makeFolder } from './folder.ts';
import {
  ISOLATION_LATE,
  ISOLATION_ROWS,
  ISOLATION_SCHEMA,
  ISOLATION_TENANTS,
  TENANTS,
} from './isolation-schema.ts';

export interface IsolationEstate {
  /** What the first server answers a user, errors too; `settings` go into the address. */
  ask(user: string, statements: string | readonly string[], settings?: string): Promise<string>;
  /** The statements with the ports of the first server in place of `{http}` and `{native}`, and the id of a view's rows in that of `{texts}`. */
  filled(statements: string | readonly string[]): readonly string[];
  stop(): Promise<void>;
}

interface Rights {
  readonly grants: readonly string[];
  /** Database → table → filter. */
  readonly filters: Record<string, Record<string, { readonly filter: string }>>;
}

/** What a tenant's documents say, as a configuration file says it. */
function rightsOf(documents: readonly { readonly kind: string; readonly value: unknown }[]): Rights {
  const filters: Record<string, Record<string, { filter: string }>> = {};
  const grants: string[] = [];
  for (const { kind, value } of documents) {
    const { database = '', table = '', filter = '', target, privileges } = value as Record<string, string>;
    if (kind === 'RowPolicy') {
      const tables = filters[database] ?? {};
      filters[database] = tables;
      tables[table] = { filter };
    } else if (kind === 'Grant' && target !== undefined) {
      const [of = '', name = ''] = String(target).split('.');
      grants.push(`GRANT ${privileges} ON ${identifier(of)}.${identifier(name)}`);
    }
  }
  return { grants, filters };
}

const user = ({ grants, filters }: Rights, more: object = {}): object => ({
  password: '',
  networks: { ip: ['127.0.0.1'] },
  profile: 'default',
  quota: 'default',
  ...(Object.keys(filters).length > 0 && { databases: filters }),
  ...(grants.length > 0 && { grants: { query: grants } }),
  ...more,
});

const ALL: Rights = { grants: [], filters: {} };

/**
 * The users `acme` and `globex` have what their tenants' documents say; `bare` has the grants of `acme` without any policy,
 * `entitled` its policies and every right.
 */
function usersXml(rights: ReadonlyMap<string, Rights>): string {
  const acme = rights.get('acme') ?? ALL;
  const users = {
    default: user(ALL, { access_management: 1, named_collection_control: 1 }),
    ...Object.fromEntries([...rights].map(([name, one]) => [name, user(one)])),
    bare: user({ ...acme, filters: {} }),
    entitled: user({ ...acme, grants: [] }),
  };
  const content = { users, profiles: { default: {} }, quotas: { default: {} } };
  return new XMLBuilder({ format: true }).build({ clickhouse: content });
}

async function declare(folder: string) {
  const { entries, findings } = await readDeclarations(folder);
  const { estate, findings: mistakes } = expand(entries);
  const wrong = [...findings, ...mistakes];
  if (wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join('\n'));
  const objects = estate.objects.filter(({ tree }) => !isAccess(tree.root.id));
  const around = {
    objects,
    columns: tenantColumns(expandScd(entries, () => {}).tables),
    scope: () => new Set(['main']),
  };
  const { entries: made } = expandTenants(entries, around, () => {});
  const of = (name: string) => made.filter(({ generatedBy }) => generatedBy === `Tenant ${name}`);
  return { objects, rights: new Map(TENANTS.map((name) => [name, rightsOf(of(name))])) };
}

export async function startIsolationEstate(): Promise<IsolationEstate> {
  const folder = await makeFolder({ ...ISOLATION_SCHEMA, ...ISOLATION_TENANTS });
  const { objects, rights } = await declare(folder.path);
  const ports = await freePorts(4);
  const shards = [1, 3].map((at) => [{ host: '127.0.0.1', port: ports[at] ?? 0 }]);
  const start = (xml?: string): Promise<EmbeddedServer[]> =>
    Promise.all(
      [0, 1].map((at) =>
        startServer({
          name: `main-${at + 1}`,
          folder: join(folder.path, 'servers', String(at)),
          httpPort: ports[at * 2] ?? 0,
          nativePort: ports[at * 2 + 1] ?? 0,
          remoteServers: [{ name: 'main', shards }],
          ...(xml !== undefined && { usersXml: xml }),
        }),
      ),
    );
  const ask = async (server: EmbeddedServer | undefined, who: string, sql: string, settings = '') => {
    const answer = await fetch(`${server?.url}/?user=${who}${settings}`, { method: 'POST', body: sql });
    return (await answer.text()).trim();
  };
  let servers = await start();
  const created = objects.map(({ tree }) => authoredText(tree));
  for (const [at, server] of servers.entries()) {
    for (const sql of [...created, ...ISOLATION_ROWS(at)]) {
      const failed = await ask(server, 'default', sql);
      if (failed !== '') throw new Error(`${sql}\n${failed}`);
    }
  }
  await Promise.all(servers.map((server) => server.stop()));
  servers = await start(usersXml(rights));
  for (const server of servers) {
    for (const sql of ISOLATION_LATE) await ask(server, 'default', sql);
  }
  const texts = await ask(servers[0], 'default', "SELECT uuid FROM system.tables WHERE name = 'texts'");
  return {
    filled: (statements) =>
      [statements]
        .flat()
        .map((sql) =>
          sql
            .replaceAll('{http}', String(ports[0]))
            .replaceAll('{native}', String(ports[1]))
            .replaceAll('{texts}', texts),
        ),
    async ask(who, statements, settings = '') {
      const session = `&session_id=${randomUUID()}`;
      const answers: string[] = [];
      for (const sql of [statements].flat())
        answers.push(await ask(servers[0], who, sql, `${session}${settings}`));
      return answers.filter((answer) => answer !== '').join('\n');
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await folder.remove();
    },
  };
}
