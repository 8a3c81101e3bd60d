/** Runs the cases of test/corpus: a folder of declarations goes in; both ways between them are walked on a real server. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type ApplyOptions, applyPlan } from '../../src/apply/apply.ts';
import { objections } from '../../src/apply/gate.ts';
import { type Survey, survey } from '../../src/apply/survey.ts';
import { loadEstate } from '../../src/commands/estate-options.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { startServer } from '../../src/embedded/server.ts';
import { defaultUsersXml } from '../../src/embedded/server-config.ts';
import { secretsIn } from '../../src/kinds/secret.ts';
import type { Server } from '../../src/live/server.ts';
import { RefusedError } from '../../src/model/errors.ts';
import type { Estate } from '../../src/model/estate.ts';
import { type Plan, planFindings, plannedSteps } from '../../src/model/plan.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { identifier, qualified } from '../../src/sql/quote.ts';
import { connectLocal } from './connect-local.ts';
import { checkGolden } from './golden.ts';

const CORPUS = fileURLToPath(new URL('../corpus', import.meta.url));

/** The names of all cases: `<kind>--<case>`. */
export const corpusCases: readonly string[] = readdirSync(CORPUS).sort();

export interface Corpus {
  /** Walks one case; throws at the first thing that is not as its golden files say. */
  run(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** What a server must be told before it takes these engines and types. */
const EXPERIMENTAL = [
  'allow_experimental_time_series_table',
  'allow_experimental_ytsaurus_table_engine',
  'allow_experimental_paimon_storage_engine',
  'allow_experimental_codecs',
];
export const corpusUsers = defaultUsersXml.replace(
  /<profiles>\s*<default><\/default>/,
  `<profiles><default>${EXPERIMENTAL.map((name) => `<${name}>1</${name}>`).join('')}</default>`,
);

const ALLOWED = new Set(['destructive', 'rebuild']);

/** Asks the server every time: what a case compares is compared for real. */
const APPLY: ApplyOptions = {
  settled: { has: () => false, add: () => {}, save: () => {} },
  connectTimeout: 10_000,
  identity: { run: 'corpus', actor: 'corpus', commit: '' },
  allowed: ALLOWED,
  lockSeconds: 60,
  progress: { started: () => {}, ended: () => {} },
  shouldStop: () => false,
};

const USER_DATABASES = `SELECT name FROM system.databases
  WHERE name NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA', 'default', 'plumbline')`;

/** What stands beside the databases: the word for it, and the names of all that a case made. */
const BESIDE = [
  ['FUNCTION', "SELECT name FROM system.functions WHERE origin = 'SQLUserDefined'"],
  ['NAMED COLLECTION', 'SELECT name FROM system.named_collections'],
  ['WORKLOAD', 'SELECT name FROM system.workloads'],
  ['RESOURCE', 'SELECT name FROM system.resources'],
] as const;

/** The plan without what differs from run to run: ports and the patch version. */
function stable(plan: Plan): Plan {
  const clusters = plan.clusters.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((node) => ({ ...node, address: 'test.example:8123', version: '26.7' })),
  }));
  return { ...plan, clusters };
}

const isEmpty = (plan: Plan): boolean => plannedSteps(plan).length === 0 && planFindings(plan).length === 0;

/** A plan that changes nothing has no golden file. */
const goldenOf = (plan: Plan): string => (isEmpty(plan) ? '' : renderMarkdown(stable(plan)));

/** All that a statement could have changed. */
async function snapshot(sql: Server): Promise<unknown> {
  const [databases, tables, mutations, beside] = await Promise.all([
    sql.rows('SELECT name, comment FROM system.databases ORDER BY name'),
    sql.rows(
      `SELECT database, name, create_table_query, total_rows FROM system.tables
       WHERE database IN (${USER_DATABASES}) ORDER BY database, name`,
    ),
    sql.rows('SELECT database, table, mutation_id FROM system.mutations ORDER BY ALL'),
    Promise.all(
      ['functions', 'named_collections', 'workloads', 'resources'].map((table) =>
        sql.rows(`SELECT create_query FROM system.${table} WHERE create_query != '' ORDER BY ALL`),
      ),
    ),
  ]);
  return { databases, tables, mutations, beside };
}

/** What the only step of a case that fails says, where the rows stand in its way. */
function expectedFailure(path: string): string | undefined {
  const file = join(path, 'fails.txt');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

async function dropKept(sql: Server): Promise<void> {
  const kept = await sql.rows<[string, string]>(
    "SELECT database, name FROM system.tables WHERE match(name, '_plumbline_old_[0-9a-f]{8}$')",
  );
  for (const path of kept) await sql.run(`DROP TABLE ${qualified(path)} SYNC`);
}

async function cleanUp(sql: Server): Promise<void> {
  for (const [name] of await sql.rows<[string]>(USER_DATABASES)) {
    await sql.run(`DROP DATABASE \`${name?.replaceAll('`', '\\`')}\` SYNC`);
  }
  await dropBeside(sql);
}

/** A workload goes before the one that it is a part of, and before the resources that it shares. */
async function dropBeside(sql: Server): Promise<void> {
  for (const [word, list] of BESIDE) {
    for (let left = await sql.rows<[string]>(list); left.length > 0; left = await sql.rows<[string]>(list)) {
      const drops = left.map(([name]) => sql.run(`DROP ${word} ${identifier(name)}`));
      await Promise.any(drops);
      await Promise.allSettled(drops);
    }
  }
}

async function runFile(sql: Server, file: string): Promise<void> {
  if (!existsSync(file)) return;
  for (const statement of readFileSync(file, 'utf8').split(/;\s*\n/)) {
    if (statement.trim() !== '') await sql.run(statement);
  }
}

/** One server for all cases, which run one after the other and leave nothing behind. */
export async function startCorpus(): Promise<Corpus> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-corpus-'));
  const [httpPort = 0, nativePort = 0] = await freePorts(2);
  const shard = [{ host: '127.0.0.1', port: nativePort }];
  const server = await startServer({
    name: 'test',
    folder: join(folder, 'server'),
    httpPort,
    nativePort,
    usersXml: corpusUsers,
    remoteServers: [
      { name: 'here', shards: [shard] },
      { name: 'there', shards: [shard] },
    ],
  });
  const sql = connectLocal(httpPort);
  const cluster = `kind: Cluster\nname: test\nedition: community\nversion: "26.7"
shards: [{ replicas: [{ host: 127.0.0.1, http_port: ${httpPort} }] }]\n`;
  await mkdir(join(folder, 'clusters'));
  await writeFile(join(folder, 'clusters', 'test.yaml'), cluster);

  const declare = async (text: string, name: string): Promise<void> => {
    await rm(join(folder, 'schemas'), { recursive: true, force: true });
    await mkdir(join(folder, 'schemas'));
    await writeFile(join(folder, 'schemas', name), text);
  };

  const apply = async (estate: Estate, agreed: Survey, failure?: string): Promise<void> => {
    // Each apply is a run of its own in the journal, from which later ones know what it wrote.
    const identity = { ...APPLY.identity, run: randomUUID() };
    const { results, remaining } = await applyPlan(estate, agreed, { ...APPLY, identity });
    if (failure !== undefined) {
      expect(results.map(({ outcome }) => outcome)).toEqual(['failed']);
      expect(results[0]?.error).toContain(failure);
      return;
    }
    const failed = results
      .filter(({ outcome }) => outcome !== 'done')
      .map(({ outcome, error }) => ({ outcome, error }));
    expect(failed).toEqual([]);
    expect(plannedSteps(remaining).map(({ step }) => step.statements)).toEqual([]);
    // What a rebuild keeps is a finding of every plan from now on; the case goes on as if somebody had dropped it.
    expect(planFindings(remaining).filter(({ rule }) => rule !== 'kept-after-rebuild')).toEqual([]);
    await dropKept(sql);
  };

  /** Goes to a declared state, or proves that the product refuses to (or fails, as the case says) and changes nothing. */
  const goTo = async (path: string, name: string, golden?: string): Promise<void> => {
    await declare(readFileSync(join(path, name), 'utf8'), name);
    const estate = await loadEstate(folder);
    const agreed = await survey(estate, APPLY);
    try {
      if (golden !== undefined) checkGolden(join(path, golden), goldenOf(agreed.plan));
      for (const { step } of plannedSteps(agreed.plan)) {
        for (const secret of step.statements.flatMap(secretsIn)) process.env[secret] = `value-of-${secret}`;
      }
      const refused = objections(agreed.plan, ALLOWED).length > 0;
      const failure = name === 'after.yaml' ? expectedFailure(path) : undefined;
      if (refused || failure !== undefined) {
        expect(golden, `${name} must be applied`).toBeDefined();
        const before = await snapshot(sql);
        await (refused
          ? expect(apply(estate, agreed)).rejects.toThrow(RefusedError)
          : apply(estate, agreed, failure));
        expect(await snapshot(sql)).toEqual(before);
      } else if (!isEmpty(agreed.plan)) {
        await apply(estate, agreed);
      }
    } finally {
      await agreed.close();
    }
  };

  return {
    async run(name) {
      const path = join(CORPUS, name);
      try {
        await goTo(path, 'before.yaml');
        await runFile(sql, join(path, 'data.sql'));
        await goTo(path, 'after.yaml', 'plan.md');
        await goTo(path, 'before.yaml', 'undo.md');
      } finally {
        await cleanUp(sql);
      }
    },
    async stop() {
      await sql.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
