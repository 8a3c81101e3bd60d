/** The suite's two sizes: a small one in CI, the full one in `npm run soak`. */

/** So many cases in CI, so many in a soak run. */
export function size(ci: number, full: number): number {
  return process.env.PLUMBLINE_SOAK === '1' ? full : ci;
}
