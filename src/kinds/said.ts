/** A description goes in; it comes out without the keys that have nothing to say. */

/** The keys whose value is not undefined, in the same order. */
export function said<D extends object>(description: D): { [K in keyof D]?: Exclude<D[K], undefined> } {
  const entries = Object.entries(description).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof D]?: Exclude<D[K], undefined> };
}
