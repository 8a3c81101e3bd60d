/** Compares and repairs the tables of two sites that others keep, and ends itself, as a kill would, where it is told to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Addresses, connectSites, repairTables } from './dr-repair-sites.ts';

interface Orders {
  readonly addresses: Addresses;
  readonly tables: readonly string[];
  /** The statement of all before or in the midst of which it ends, and milliseconds from there. */
  readonly at: number;
  readonly after: number;
  readonly concurrency: number;
}

const { addresses, tables, at, after, concurrency } = JSON.parse(process.argv[2] ?? '{}') as Orders;
await repairTables(connectSites(addresses), tables, {
  concurrency,
  before: async (statement) => {
    if (statement !== at) return;
    const end = sleep(after).then(() => process.kill(process.pid, 'SIGKILL'));
    if (after === 0) await end;
  },
});
process.exit(0);
