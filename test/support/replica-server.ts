/**
 * Stands in for replicas of one shard: HTTP servers in front of real ones, which keep plain tables. Each shows its tables as
 * replicated and treats ALTERs of them as ClickHouse does; what the real servers do with the SQL is theirs.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { literal } from '../../src/sql/quote.ts';

/** One replica of one table. */
interface Copy {
  readonly database: string;
  readonly table: string;
  /** The path as the server stores it, and as Keeper has it. */
  readonly stored: string;
  readonly path: string;
  readonly name: string;
  /** How many entries of the log it has followed. */
  version: number;
}

export interface StandIn {
  readonly port: number;
  /** Statements that came in and were no SELECTs, in order. */
  readonly statements: string[];
  /** Follows nothing while set, as a replica whose queue is stuck. */
  isStuck: boolean;
  isReadOnly: boolean;
  /** Answers nobody while set. */
  isDown: boolean;
  /** What its configuration says. */
  macros: Readonly<Record<string, string>>;
  /** So many ALTERs are answered with error 517 before the next is taken. */
  lags: number;
}

export interface ReplicaServers {
  readonly replicas: readonly StandIn[];
  /** What was asked that no client may ask of replicas. */
  readonly mistakes: string[];
  stop(): Promise<void>;
}

/** Milliseconds after which a replica follows another one. */
const DELAY = 60;

const NAME = '(?:`((?:[^`\\\\]|\\\\.)*)`|(\\w+))';
const TARGET = new RegExp(`^(?:ALTER|DROP|CREATE) TABLE ${NAME}\\.${NAME}`);
const ENGINE = /ENGINE = Replicated(\w*MergeTree)\('((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)'(?:, )?/;
/** Replicas carry what has become of a partition over as parts: the table that it came from is on one of them alone. */
const PARTITION = /^ALTER TABLE (\S+) REPLACE PARTITION ID ('(?:[^'\\]|\\.)*') FROM /;
const LOCAL = /^(MODIFY SETTING|RESET SETTING|MODIFY COMMENT|COMMENT COLUMN)\b/;

const keyOf = (database: string, table: string): string => `${database}.${table}`;

function targetOf(statement: string): readonly [string, string] | undefined {
  const found = TARGET.exec(statement);
  return found ? [found[1] ?? found[2] ?? '', found[3] ?? found[4] ?? ''] : undefined;
}

/** Of the settings and comments among a statement's clauses: all, none or some. */
function localClauses(statement: string): 'all' | 'none' | 'some' {
  const clauses = statement
    .replace(TARGET, '')
    .split(/, (?=(?:ADD|DROP|MODIFY|RESET|COMMENT|RENAME|REMOVE) )/)
    .map((clause) => LOCAL.test(clause.trim()));
  if (clauses.every(Boolean)) return 'all';
  return clauses.some(Boolean) ? 'some' : 'none';
}

/** An ALTER that the replicas carry to one another, and the replica that it was sent to. */
interface Carried {
  readonly from: number;
  readonly statement: string;
}

/** What is wrong about sending an ALTER here; undefined when nothing is. */
function mistakeOf(
  at: number,
  statement: string,
  log: readonly Carried[],
  hasLocal: boolean,
  query: URLSearchParams,
): string | undefined {
  if (hasLocal) return 'settings and comments of this ALTER would change on one replica only';
  if (query.get('alter_sync') !== '2' && !PARTITION.test(statement))
    return 'an ALTER that does not wait for other replicas';
  const last = log.at(-1);
  return last?.statement === statement && last.from !== at
    ? 'an ALTER on the second replica in the same step'
    : undefined;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const refusal = (code: number, name: string, message: string): Answer => ({
  status: 500,
  body: `Code: ${code}. DB::Exception: ${message}. (${name}) (version 26.7.2.1)`,
});

/** `system.tables` as a replica would show it. */
function tablesOf(copies: Iterable<Copy>): string {
  const shown = (column: string, change: (copy: Copy) => string): string => {
    const cases = [...copies].map(
      (copy) => `database = ${literal(copy.database)} AND name = ${literal(copy.table)}, ${change(copy)}`,
    );
    return cases.length === 0 ? column : `multiIf(${cases.join(', ')}, ${column}) AS ${column}`;
  };
  const engine = (copy: Copy): string => {
    const placement = `${literal(copy.stored)}, ${literal('{replica}')}`;
    const into = (end: string): string => literal(`ENGINE = Replicated\\1(${placement}${end}`);
    return `if(match(create_table_query, 'ENGINE = \\\\w*MergeTree\\\\('),
      replaceRegexpOne(create_table_query, 'ENGINE = (\\\\w*MergeTree)\\\\(', ${into(', ')}),
      replaceRegexpOne(create_table_query, 'ENGINE = (\\\\w*MergeTree)', ${into(')')}))`;
  };
  if ([...copies].length === 0) return 'system.tables';
  const replaced = [
    shown('create_table_query', engine),
    shown('engine', () => "concat('Replicated', engine)"),
  ];
  return `(SELECT * REPLACE (${replaced.join(', ')}) FROM system.tables)`;
}

/** `system.replicas` with the columns that a plan asks for. */
function replicasOf(copies: Iterable<Copy>, heads: ReadonlyMap<string, number>, standIn: StandIn): string {
  const rows = [...copies].map(
    ({ database, table, path, name, version }) =>
      `(${[database, table, path, name].map(literal).join(', ')}, ${version}, ${Number(standIn.isReadOnly)}, 0, ${(heads.get(path) ?? 0) - version}, 0, 0)`,
  );
  const columns =
    'database String, table String, zookeeper_path String, replica_name String, columns_version Int32, is_readonly UInt8, is_session_expired UInt8, queue_size UInt32, absolute_delay UInt64, inserts_in_queue UInt32';
  return rows.length > 0
    ? `(SELECT * FROM values('${columns}', ${rows.join(', ')}))`
    : '(SELECT * FROM system.replicas)';
}

function macrosOf({ macros }: StandIn): string {
  const rows = Object.entries(macros).map(([name, value]) => `(${literal(name)}, ${literal(value)})`);
  return rows.length > 0
    ? `(SELECT * FROM values('macro String, substitution String', ${rows.join(', ')}))`
    : 'system.macros';
}

export async function startReplicas(targets: readonly number[]): Promise<ReplicaServers> {
  const mistakes: string[] = [];
  const heads = new Map<string, number>();
  const logs = new Map<string, Carried[]>();
  const copies = targets.map(() => new Map<string, Copy>());

  const forward = async (at: number, query: string, statement: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${targets[at]}/${query}`, { method: 'POST', body: statement });

  const run = async (at: number, statement: string): Promise<Answer> => {
    const answer = await forward(at, '', statement);
    return { status: answer.status, body: await answer.text() };
  };

  /** What another replica has in the partition, in place of what this one has. */
  const fetchPartition = async (
    at: number,
    from: number,
    [, table, id]: RegExpExecArray,
  ): Promise<Answer> => {
    const rows = await forward(from, '', `SELECT * FROM ${table} WHERE _partition_id = ${id} FORMAT Native`);
    const dropped = await run(at, `ALTER TABLE ${table} DROP PARTITION ID ${id}`);
    if (rows.status !== 200 || dropped.status !== 200) return dropped;
    const into = `?query=${encodeURIComponent(`INSERT INTO ${table} FORMAT Native`)}`;
    const answer = await fetch(`http://127.0.0.1:${targets[at]}/${into}`, {
      ...{ method: 'POST', body: await rows.arrayBuffer() },
    });
    return { status: answer.status, body: await answer.text() };
  };

  /** Follows the log up to its end. */
  const follow = async (at: number, copy: Copy): Promise<void> => {
    const standIn = replicas[at];
    for (;;) {
      const entry = logs.get(copy.path)?.[copy.version];
      if (!entry || !standIn || standIn.isStuck || standIn.isReadOnly) return;
      copy.version++;
      const partition = PARTITION.exec(entry.statement);
      const { status, body } = await (partition
        ? fetchPartition(at, entry.from, partition)
        : run(at, entry.statement));
      if (status !== 200) mistakes.push(`replica ${at + 1} can't follow: ${body}`);
    }
  };

  const create = async (
    at: number,
    statement: string,
    target: readonly [string, string],
  ): Promise<Answer> => {
    const [, member, written = '', name = ''] = ENGINE.exec(statement) ?? [];
    const [database, table] = target;
    if (member === undefined) return run(at, statement);
    const stored = written.replaceAll('{database}', database).replaceAll('{table}', table);
    if (/\{uuid\}/.test(stored)) return refusal(36, 'BAD_ARGUMENTS', "Macro 'uuid' is not supported here");
    const path = stored.replaceAll('{shard}', 's1');
    const replica = name.replaceAll('{replica}', `r${at + 1}`);
    const twins = copies.flatMap((map) => [...map.values()]).filter((copy) => copy.path === path);
    if (twins.some((copy) => copy.name === replica))
      return refusal(253, 'REPLICA_ALREADY_EXISTS', `Replica ${path}/replicas/${replica} already exists`);
    const plain = statement.replace(ENGINE, `ENGINE = ${member}(`);
    const answer = await run(at, plain);
    if (answer.status !== 200) return answer;
    const copy = { database, table, stored, path, name: replica, version: heads.get(path) ?? 0 };
    copies[at]?.set(keyOf(database, table), copy);
    const select = `SELECT create_table_query FROM system.tables WHERE database = ${literal(database)} AND name = ${literal(table)}`;
    const texts = await Promise.all(
      copies.flatMap((map, of) => (map.get(keyOf(database, table))?.path === path ? [run(of, select)] : [])),
    );
    if (new Set(texts.map(({ body }) => body)).size > 1) {
      copies[at]?.delete(keyOf(database, table));
      await run(at, `DROP TABLE \`${database}\`.\`${table}\` SYNC`);
      return refusal(122, 'INCOMPATIBLE_COLUMNS', 'Existing table metadata in ZooKeeper differs');
    }
    return answer;
  };

  /** Whether all other replicas have followed. */
  const carryOver = async (at: number, { database, table, path, version }: Copy): Promise<boolean> => {
    await sleep(DELAY);
    const others = copies.flatMap((map, of) => {
      const other = map.get(keyOf(database, table));
      return of !== at && other?.path === path ? [{ of, other }] : [];
    });
    await Promise.all(others.map(({ of, other }) => follow(of, other)));
    return others.every(({ other }) => other.version >= version);
  };

  const alter = async (
    at: number,
    statement: string,
    copy: Copy,
    query: URLSearchParams,
  ): Promise<Answer> => {
    const standIn = replicas[at];
    if (!standIn) throw new Error(`there is no replica ${at}`);
    if (standIn.isReadOnly) return refusal(242, 'TABLE_IS_READ_ONLY', 'Table is in readonly mode');
    const local = localClauses(statement);
    if (local === 'all') return run(at, statement);
    const log = logs.get(copy.path) ?? [];
    logs.set(copy.path, log);
    const wrong = mistakeOf(at, statement, log, local === 'some', query);
    if (wrong) {
      mistakes.push(`${wrong}: ${statement}`);
      return refusal(36, 'BAD_ARGUMENTS', wrong);
    }
    if (standIn.lags > 0 || copy.version < log.length) {
      standIn.lags = Math.max(0, standIn.lags - 1);
      return refusal(
        517,
        'CANNOT_ASSIGN_ALTER',
        'Metadata on replica is not up to date. You can retry this error',
      );
    }
    const answer = await run(at, statement);
    if (answer.status !== 200) return answer;
    log.push({ from: at, statement });
    heads.set(copy.path, log.length);
    copy.version = log.length;
    return (await carryOver(at, copy))
      ? answer
      : refusal(341, 'UNFINISHED', 'Some replicas have not followed');
  };

  const answerTo = async (at: number, statement: string, url: URL): Promise<Answer | undefined> => {
    const own = copies[at] ?? new Map<string, Copy>();
    const target = targetOf(statement);
    if (!target) return undefined;
    if (statement.startsWith('CREATE')) return create(at, statement, target);
    const copy = own.get(keyOf(...target));
    if (!copy) return undefined;
    if (statement.startsWith('ALTER')) return alter(at, statement, copy, url.searchParams);
    const answer = await run(at, statement);
    if (answer.status === 200) own.delete(keyOf(...target));
    return answer;
  };

  const handle = async (at: number, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const standIn = replicas[at];
    const body = await text(incoming);
    if (!standIn || standIn.isDown) return void outgoing.destroy();
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const statement = body.trim();
    const isSelect = /^SELECT\b/.test(statement);
    if (!isSelect) standIn.statements.push(statement);
    for (const copy of copies[at]?.values() ?? []) await follow(at, copy);
    const answer = isSelect ? undefined : await answerTo(at, statement, url);
    if (answer) return void outgoing.writeHead(answer.status).end(answer.body);
    const own = [...(copies[at]?.values() ?? [])];
    const asked = isSelect
      ? body
          .replaceAll(/\bsystem\.tables\b/g, () => tablesOf(own))
          .replaceAll(/\bsystem\.replicas\b/g, () => replicasOf(own, heads, standIn))
          .replaceAll(/\bsystem\.macros\b/g, () => macrosOf(standIn))
      : body;
    const passed = await forward(at, url.search, asked);
    outgoing.writeHead(passed.status).end(Buffer.from(await passed.arrayBuffer()));
  };

  const servers = targets.map((_target, at) =>
    createServer((incoming, outgoing) => {
      handle(at, incoming, outgoing).catch((error: unknown) => {
        mistakes.push(String(error));
        outgoing.destroy();
      });
    }),
  );
  const replicas: StandIn[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const quiet = { isStuck: false, isReadOnly: false, isDown: false, lags: 0 };
    const macros = { shard: 's1', replica: `r${replicas.length + 1}` };
    replicas.push({ port, statements: [], macros, ...quiet });
  }
  return {
    replicas,
    mistakes,
    async stop() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
