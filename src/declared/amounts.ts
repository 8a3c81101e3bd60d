/** Amounts as people write them go in (`10 MINUTE`, `50 GiB`), checked by their schemas; seconds, bytes and SQL come out. */

const SECONDS = { SECOND: 1, MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const;
const UNITS = ['B', 'KIB', 'MIB', 'GIB', 'TIB'];

export function seconds(text: string): number {
  const [, count = '0', unit = ''] = /^(\d+) *([A-Za-z]+?)[sS]?$/.exec(text) ?? [];
  return Number(count) * SECONDS[unit.toUpperCase() as keyof typeof SECONDS];
}

export function bytes(text: string): number {
  const [, count = '0', unit = ''] = /^([\d.]+) *([A-Za-z]+)$/.exec(text) ?? [];
  return Math.round(Number(count) * 1024 ** UNITS.indexOf(unit.toUpperCase()));
}

/** `3 years` as `INTERVAL 3 YEAR`. */
export function interval(text: string): string {
  const [, count = '0', unit = ''] = /^(\d+) *([A-Za-z]+?)[sS]?$/.exec(text) ?? [];
  return `INTERVAL ${count} ${unit.toUpperCase()}`;
}
