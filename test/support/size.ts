/** The suite's two sizes: a small one in CI, the full one in `npm run soak`. */

/** Whether this is a soak run. */
export function isFull(): boolean {
  return process.env.PLUMBLINE_SOAK === '1';
}

/** So many cases in CI, so many in a soak run. */
export function size(ci: number, full: number): number {
  return isFull() ? full : ci;
}
