/** `plumbline bootstrap`: prints the users that Plumbline itself needs on the servers of the declared clusters, and their rights. */

import { type Account, accountSql, accountsXml } from '../bootstrap/account.ts';
import { applierNeeds } from '../bootstrap/applier-needs.ts';
import { plannerNeeds } from '../bootstrap/planner-needs.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Cluster, Estate } from '../model/estate.ts';
import { nearest } from '../model/nearest.ts';
import { loadEstate } from './estate-options.ts';
import { ACCOUNTS, type BOOTSTRAP_FORMATS } from './formats.ts';
import type { Output } from './output.ts';

interface BootstrapOptions {
  readonly estate: string;
  readonly cluster?: readonly string[] | undefined;
  readonly format: (typeof BOOTSTRAP_FORMATS)[number];
  readonly for?: (typeof ACCOUNTS)[number] | undefined;
  /** Names of the users. */
  readonly planner: string;
  readonly applier: string;
  /** Roles instead of users. */
  readonly roles?: true | undefined;
}

function chosen({ clusters }: Estate, names: readonly string[] | undefined): readonly Cluster[] {
  const known = clusters.map(({ name }) => name);
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ')}.` : `did you mean \`${meant}\`?`;
    throw new PlumblineError(`No cluster is called \`${name}\`; ${hint}`);
  }
  return clusters.filter(({ name }) => names?.includes(name) ?? true);
}

function accountsOf(estate: Estate, cluster: Cluster, options: BootstrapOptions): Account[] {
  const as = options.roles ? 'role' : 'user';
  const accounts: Record<(typeof ACCOUNTS)[number], Account> = {
    planner: {
      ...{ name: options.planner, as, needs: plannerNeeds(estate, cluster) },
      does: 'plans, watches, imports and compares, and writes nothing',
    },
    applier: {
      ...{ name: options.applier, as, needs: applierNeeds(estate, cluster) },
      does: 'applies, loads and repairs',
    },
  };
  return ACCOUNTS.filter((one) => (options.for ?? one) === one).map((one) => accounts[one]);
}

/** Throws a DeclarationError for mistakes in declarations, and a PlumblineError for names that mean nothing. */
export async function bootstrap(options: BootstrapOptions, output: Output): Promise<number> {
  const estate = await loadEstate(options.estate, 'may be empty');
  const clusters = chosen(estate, options.cluster);
  if (options.format === 'users_xml') {
    const [only, ...more] = clusters;
    if (!only || more.length > 0) {
      const names = clusters.map(({ name }) => name).join(', ');
      throw new PlumblineError(`A users.d file is for one cluster: say which with --cluster (${names}).`);
    }
    output.result(accountsXml(accountsOf(estate, only, options)));
    return 0;
  }
  const blocks = clusters.map((cluster) =>
    [
      `-- On every node of cluster ${cluster.name}:`,
      ...accountsOf(estate, cluster, options).map(accountSql),
    ].join('\n'),
  );
  output.result(blocks.join('\n'));
  return 0;
}
