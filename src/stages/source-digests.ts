/** Partitions of members that leave go in; rows and digest of what each node is to get come out, read once for all nodes. */
import type { Content } from '../dr/comparison.ts';
import { readSiteFacts, type SiteFacts, soon } from '../dr/site.ts';
import type { Server } from '../live/server.ts';
import { pathKey } from '../model/object.ts';
import type { Share } from '../model/stage.ts';
import { contentsBy, ExportError, type ExportRun, NOTHING } from './export-run.ts';
import { sourceDigests } from './export-sql.ts';
import { once } from './once.ts';

export interface Expected {
  readonly content: Content;
  /** The moment until which values had expired, in seconds; what it is compared with must be asked for the same one. */
  readonly now: number;
}

/** What the copies of one run know together. */
export interface SourceDigests {
  factsOf(server: Server): Promise<SiteFacts>;
  /**
   * Of what the partition had when its parts had that fingerprint. Throws ExportError where some of it belongs on no shard, and
   * ServerError where the source does not answer.
   */
  of(run: ExportRun, fingerprint: string): Promise<Expected>;
}

/** Whether rows with that number, as text, belong on any shard at all. */
function belongs(number: string, share: Share | undefined): boolean {
  return share ? /^\d+$/.test(number) && Number(number) < share.shards : number === '';
}

export function openSourceDigests(): SourceDigests {
  const facts = new Map<string, Promise<SiteFacts>>();
  const digests = new Map<string, Promise<{ readonly now: number; readonly shares: Map<string, Content> }>>();
  const factsOf = (server: Server): Promise<SiteFacts> =>
    once(facts, server.node.name, () => readSiteFacts({ server }));
  return {
    factsOf,
    async of(run, fingerprint) {
      const { source, target, path, order } = run;
      const { partition, row } = order.copy;
      const key = [source.node.name, pathKey(path), partition, fingerprint, row, order.share?.number];
      const { now, shares } = await once(digests, JSON.stringify(key), async () => {
        const sides = await Promise.all([factsOf(source), factsOf(target)]);
        const now = soon(sides);
        return { now, shares: await contentsBy(source, sides[0], sourceDigests(path, order, now)) };
      });
      const stray = [...shares.keys()].find((number) => !belongs(number, order.share));
      if (stray !== undefined)
        throw new ExportError(
          'not verified',
          run,
          `shard_by gives ${stray} for some rows, which is no shard`,
        );
      return { now, content: shares.get(String(order.share?.at ?? '')) ?? NOTHING };
    },
  };
}
