/** A random generator goes in; batches of events for one tenant come out, with everything that sources do to a history. */
import type { Random } from './faults-random.ts';
import type { OracleEvent } from './scd-oracle.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

export interface AnyBatch {
  readonly events: readonly OracleEvent[];
  readonly feed: 'changes' | 'everything';
  /** The load's own time. */
  readonly time: number;
  /** The number of the batch it repeats. */
  readonly replay?: number;
}

export interface Values {
  readonly names: readonly string[];
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

export function anyBatches(
  random: Random,
  keys: number,
  count: number,
  values: readonly string[],
): AnyBatch[] {
  const names = Array.from({ length: keys }, (_, number) => `${number % 3 === 0 ? 'eu' : 'us'}/${number}`);
  const batches: AnyBatch[] = [];
  for (let batch = 0; batch < count; batch++) {
    const time = START + (batch * 4 + 5) * HOUR + 1;
    if (batch > 1 && random.chance(0.2)) {
      const replay = random.below(batch);
      const again = batches[replay];
      if (again && again.replay === undefined) {
        batches.push({ ...again, time, replay });
        continue;
      }
    }
    const events: OracleEvent[] = [];
    for (const key of names) {
      if (random.chance(0.3)) continue;
      const versions = 1 + (random.chance(0.4) ? random.below(4) : 0);
      for (let number = 0; number < versions; number++) {
        const event: OracleEvent = {
          key,
          at: timeIn(random, batch),
          deleted: random.chance(0.2),
          value: pick(random, values),
          note: `n${random.below(3)}`,
        };
        events.push(event);
        if (random.chance(0.15)) events.push(event);
        if (random.chance(0.15))
          events.push({ ...event, value: pick(random, values), deleted: random.chance(0.3) });
      }
    }
    batches.push({ events, time, feed: random.chance(0.2) ? 'everything' : 'changes' });
  }
  return batches;
}
