/** Finds the fewest moves that bring an ordered list into another order. */

/** Positions of a longest strictly increasing subsequence of `values`. O(n log n). */
function longestIncreasing(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const previous: (number | undefined)[] = [];
  for (const [at, value] of values.entries()) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[at] = low > 0 ? tails[low - 1] : undefined;
    tails[low] = at;
  }
  const chosen = new Set<number>();
  for (let at = tails.at(-1); at !== undefined; at = previous[at]) chosen.add(at);
  return chosen;
}

/**
 * The names that must move, so that those which both lists have stand in the order of `desired`. Names that only one list
 * has are added or dropped by others and count for nothing here.
 */
export function moves(live: readonly string[], desired: readonly string[]): ReadonlySet<string> {
  const positions = new Map(live.map((name, at) => [name, at]));
  const common = desired.filter((name) => positions.has(name));
  const stay = longestIncreasing(common.map((name) => positions.get(name) ?? 0));
  return new Set(common.filter((_name, at) => !stay.has(at)));
}
