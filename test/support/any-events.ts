/** A random generator goes in; batches of events for one tenant come out, with everything that sources do to a history. */
import type { Random } from './faults-random.ts';
import { NOTES } from './scd-estate.ts';
import type { OracleEvent } from './scd-oracle.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

export interface AnyBatch {
  readonly events: readonly OracleEvent[];
  readonly feed: 'changes' | 'everything';
  /** The load's own time. */
  readonly time: number;
}

function pick<T>(random: Random, all: readonly [T, ...T[]] | readonly T[]): T {
  const one = all[random.below(all.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}

/** Times stand close together, so that they meet; some are earlier than all that was loaded. */
function timeIn(random: Random, batch: number): number {
  const late = random.chance(0.25) ? random.below(batch * 4 + 4) : 0;
  return START + (batch * 4 + random.below(6) - late) * HOUR;
}

/** What happens to a key in one batch: some versions, some of them twice, some of them with a rival of the same moment. */
function anyEvents(random: Random, key: string, batch: number, values: readonly string[]): OracleEvent[] {
  if (random.chance(0.3)) return [];
  const versions = 1 + (random.chance(0.4) ? random.below(4) : 0);
  return Array.from({ length: versions }).flatMap(() => {
    const event: OracleEvent = {
      key,
      at: timeIn(random, batch),
      deleted: random.chance(0.2),
      value: pick(random, values),
      note: pick(random, NOTES),
    };
    const rival = { ...event, value: pick(random, values), deleted: random.chance(0.3) };
    return [event, ...(random.chance(0.15) ? [event] : []), ...(random.chance(0.15) ? [rival] : [])];
  });
}

/** As a source without history is loaded first. */
const onePerKey = (events: readonly OracleEvent[]): OracleEvent[] =>
  events.filter(({ key }, at) => events.findIndex((other) => other.key === key) === at);

export function anyBatches(
  random: Random,
  keys: number,
  count: number,
  values: readonly string[],
): AnyBatch[] {
  const names = Array.from({ length: keys }, (_, number) => `${number % 3 === 0 ? 'eu' : 'us'}/${number}`);
  const batches: AnyBatch[] = [];
  const isPlain = random.chance(0.5);
  for (let batch = 0; batch < count; batch++) {
    const time = START + (batch * 4 + 5) * HOUR + 1;
    const before = batch > 1 && random.chance(0.2) ? batches[random.below(batch)] : undefined;
    const all = before?.events ?? names.flatMap((key) => anyEvents(random, key, batch, values));
    const events = batch === 0 && isPlain ? onePerKey(all) : all;
    const feed = before?.feed ?? (random.chance(0.2) ? 'everything' : 'changes');
    batches.push({ events, time, feed });
  }
  return batches;
}
