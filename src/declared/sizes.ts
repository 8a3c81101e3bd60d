/** A declared size such as `1 GiB` goes in; bytes come out. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Of a text that the schema took: a number, and a unit where it is not 0. */
export function bytesOf(text: string): number {
  const [, number = '0', unit = 'B'] = /^([\d.]+) ?(\w+)?$/.exec(text) ?? [];
  return Number(number) * 1024 ** UNITS.indexOf(unit);
}
