/** A load goes in; it comes out as the only one of its tenant into its table, which it stays until it is released. */
import { type KeptLock, keepLocked } from '../apply/keep-locked.ts';
import type { LoadRequest } from './load.ts';
import { awaitStatements, numbered, queryIdStart, type Statements } from './statements.ts';

export interface LockedLoad {
  readonly lock: KeptLock;
  readonly statements: Statements;
  release(): Promise<void>;
}

type Asked = Pick<LoadRequest, 'server' | 'scd' | 'tenant' | 'identity' | 'lockSeconds'>;

/** Throws a LockedError, with who it is, while another load of the tenant into the table runs. */
export async function lockLoad(
  { server, scd, tenant, identity, lockSeconds }: Asked,
  doing = 'loading',
): Promise<LockedLoad> {
  const table = `${scd.database}.${scd.name}`;
  const start = queryIdStart(scd, tenant);
  const lock = await keepLocked(
    server,
    { table: `lock ${start.slice(0, -1)}`, what: `${doing} ${table} for tenant ${tenant}` },
    { run: identity.run, owner: identity.actor, seconds: lockSeconds },
  );
  const release = (): Promise<void> => lock.release();
  try {
    await awaitStatements(server, start);
    const [database, name] = scd.renamedFrom ?? [];
    if (database !== undefined && name !== undefined)
      await awaitStatements(server, queryIdStart({ database, name }, tenant));
  } catch (error) {
    await release();
    throw error;
  }
  return { lock, statements: numbered(start, identity.run), release };
}
