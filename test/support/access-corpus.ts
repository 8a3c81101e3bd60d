/**
 * Runs the cases of test/corpus-access on a real server that has its users from a file: all of a group are delivered together, and
 * each is planned by itself, both ways.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Settled } from '../../src/live/settled.ts';
import type { Estate } from '../../src/model/estate.ts';
import { type Plan, planFindings, plannedSteps } from '../../src/model/plan.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { qualified } from '../../src/sql/quote.ts';
import { type AccessCase, accessCase, filesOf, ofCase, type State, withCase } from './access-case.ts';
import { answersOf } from './answers.ts';
import { checkGolden } from './golden.ts';
import { misunderstood } from './misunderstood.ts';
import { onlyNamed } from './only-named.ts';
import { sqlPlans } from './sql-access.ts';
import { startUsersFileEstate, type UsersFileEstate } from './users-file-estate.ts';

const FOLDER = fileURLToPath(new URL('../corpus-access', import.meta.url));

/** The names of all cases: `<kind>--<case>`. */
export const accessCases: readonly string[] = readdirSync(FOLDER).sort();

const OTHER = { before: 'after', after: 'before' } as const;

/** Asks the server every time: what was applied is compared for real. */
const FORGETFUL = { settled: { has: () => false, add: () => {}, save: () => {} } };

/** Remembers what is equal: planning one case need not ask for all others. What a case changes is equal to nothing. */
function memory(): Settled {
  const known = new Set<string>();
  const key = (...texts: string[]): string => JSON.stringify(texts);
  return {
    has: (...texts) => known.has(key(...texts)),
    add: (...texts) => void known.add(key(...texts)),
    save: () => {},
  };
}

/** Cases that share the server at one time: their names differ. */
export interface Group {
  /** All are in this state before the one goes to the other; its plan must be as its golden files say. */
  leave(name: string, state: State): Promise<void>;
  /** Brings all cases there; nothing may be left to do. */
  reach(state: State): Promise<void>;
  /** Drops the databases; what the file says goes with the next one. */
  clear(): Promise<void>;
}

export interface AccessCorpus {
  group(names: readonly string[]): Group;
  stop(): Promise<void>;
}

const isRefused = (plan: Plan): boolean => planFindings(plan).some(({ severity }) => severity === 'error');

/** The plan without what differs from run to run, and without what the file says of other cases. */
function stable(plan: Plan, names: ReadonlySet<string>): Plan {
  const clusters = plan.clusters.map((cluster) => ({
    ...cluster,
    nodes: cluster.nodes.map((node) => ({
      ...node,
      address: 'test.example:8123',
      version: '26.7',
      steps: node.steps.map(({ file, ...step }) => {
        if (!file) return step;
        const own = { before: onlyNamed(file.before ?? '', names), text: onlyNamed(file.text, names) };
        return { ...step, file: { ...file, ...own } };
      }),
    })),
  }));
  return { ...plan, clusters };
}

/** What stands for a secret: a hash where its name says so. */
const secretValue = (name: string): string =>
  name.endsWith('_SHA256') ? 'ab'.repeat(32) : name.endsWith('_SHA1') ? 'cd'.repeat(20) : `value-of-${name}`;

/** One server, whose environment has all secrets of the cases. */
export async function startAccessCorpus(): Promise<AccessCorpus> {
  const cases = new Map(accessCases.map((name) => [name, accessCase(join(FOLDER, name), name)]));
  for (const { secrets } of cases.values()) for (const name of secrets) process.env[name] = secretValue(name);
  const server: UsersFileEstate = await startUsersFileEstate();
  const sqlPlan = await sqlPlans(server.sql);
  const one = (name: string): AccessCase => {
    const found = cases.get(name);
    if (!found) throw new Error(`no case ${name}`);
    return found;
  };

  const declare = async (names: readonly string[], state: (name: string) => State): Promise<Estate> => {
    const files = names.map((name) => filesOf(one(name), state(name)));
    await server.declareFiles(Object.assign({}, ...files));
    return server.declared();
  };
  const everything: Readonly<Record<State, Estate>> = {
    before: await declare(accessCases, () => 'before'),
    after: await declare(accessCases, () => 'after'),
  };
  const nothing: Estate = { ...everything.before, objects: [], tenants: [], absent: [] };

  /** The same case on a cluster that keeps access by statements, each of which a server understands. */
  const checkSql = async (name: string, from: State): Promise<void> => {
    const [before, after] = [everything[from], everything[OTHER[from]]].map((all) => ofCase(all, one(name)));
    const plan = await sqlPlan(before as Estate, after as Estate);
    for (const { step } of plannedSteps(plan)) {
      for (const statement of step.statements)
        expect(await misunderstood(server.sql, statement, secretValue)).toBeUndefined();
    }
    const file = from === 'before' ? 'plan-sql.md' : 'undo-sql.md';
    checkGolden(join(FOLDER, name, file), plannedSteps(plan).length > 0 ? renderMarkdown(plan) : '');
  };

  const ask = async (name: string, state: State): Promise<void> => {
    const { asks, folder } = one(name);
    checkGolden(join(folder, `answers-${state}.txt`), await answersOf(asks, server));
  };

  const group = (names: readonly string[]): Group => {
    let reached: { readonly state: State; readonly done: Promise<void> } | undefined;
    const refused = new Set<string>();
    const settled = memory();

    const all = (state: (name: string) => State): Estate =>
      names.reduce((estate, name) => withCase(estate, one(name), everything[state(name)]), nothing);

    const refusedOf = (plan: Plan): Set<string> => {
      const files = planFindings(plan).flatMap(({ severity, place }) =>
        severity === 'error' && place ? [place.file] : [],
      );
      return new Set(names.filter((name) => files.some((file) => file.endsWith(`/${name}.yaml`))));
    };

    const bring = async (state: State, isFirst: boolean): Promise<void> => {
      for (const name of refusedOf(
        await server.planOf(
          all(() => state),
          { settled },
        ),
      ))
        refused.add(name);
      await declare(names, (name) => (refused.has(name) ? 'before' : state));
      const { results, remaining } = await server.apply(FORGETFUL);
      expect(results.filter(({ outcome }) => outcome !== 'done').map(({ error }) => error)).toEqual([]);
      expect(plannedSteps(remaining).map(({ step }) => step.changes)).toEqual([]);
      expect(planFindings(remaining)).toEqual([]);
      for (const name of isFirst ? names : []) {
        for (const statement of one(name).data) await server.sql.run(statement);
      }
    };

    const reach = (state: State): Promise<void> => {
      if (reached?.state !== state) reached = { state, done: bring(state, reached === undefined) };
      return reached.done;
    };

    return {
      reach,
      async clear() {
        const names = await server.sql.rows<[string]>(
          "SELECT name FROM system.databases WHERE lower(name) NOT IN ('system', 'information_schema', 'default', 'plumbline')",
        );
        for (const name of names) await server.sql.run(`DROP DATABASE ${qualified(name)} SYNC`);
      },
      async leave(name, state) {
        await reach(state);
        const { folder, names: own } = one(name);
        if (!refused.has(name)) await ask(name, state);
        await checkSql(name, state);
        if (refused.has(name)) return;
        const wanted = all((other) =>
          refused.has(other) ? 'before' : other === name ? OTHER[state] : state,
        );
        const plan = await server.planOf(wanted, { settled });
        expect(plannedSteps(plan).length + planFindings(plan).length, 'nothing is planned').toBeGreaterThan(
          0,
        );
        checkGolden(
          join(folder, state === 'before' ? 'plan.md' : 'undo.md'),
          renderMarkdown(stable(plan, own)),
        );
        if (isRefused(plan)) refused.add(name);
      },
    };
  };

  return { group, stop: server.stop };
}
