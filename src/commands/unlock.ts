/** `plumbline unlock`: removes the lock that a killed apply left behind, and says who held it. */
import { breakLock } from '../apply/lock.ts';
import { connect } from '../live/server.ts';
import { type EstateOptions, openDeclaredEstate } from './estate-options.ts';
import type { Output } from './output.ts';

export async function unlock(options: EstateOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    for (const { name, nodes } of opened.estate.clusters) {
      const [first] = nodes;
      if (!first) continue;
      const server = connect(first);
      try {
        const holder = await breakLock(server);
        output.result(
          holder
            ? `Cluster ${name} was locked by ${holder.owner} (run ${holder.run}); the lock is removed.\n`
            : `Cluster ${name} is not locked.\n`,
        );
      } finally {
        await server.close();
      }
    }
    return 0;
  } finally {
    await opened.close();
  }
}
