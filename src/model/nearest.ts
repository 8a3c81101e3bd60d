/** A name somebody wrote and the names that exist go in; the one they probably meant comes out. */

import leven from 'leven';

/** Other words for a key, from SQL and from other tools. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  as: ['query'],
  cluster: ['on'],
  clusters: ['on'],
  codecs: ['codec'],
  db: ['database'],
  description: ['comment'],
  fields: ['columns'],
  hostname: ['host'],
  nodes: ['replicas'],
  oncluster: ['on'],
  order: ['order_by'],
  partition: ['partition_by'],
  partitionkey: ['partition_by'],
  pk: ['primary_key'],
  port: ['http_port', 'native_port'],
  sample: ['sample_by'],
  schema: ['database'],
  select: ['query'],
  servers: ['replicas'],
  sortingkey: ['order_by'],
  sql: ['query', 'expression'],
  target: ['to'],
  tcpport: ['native_port'],
  username: ['user'],
};

/** Longer names are never misspelt: comparing takes time in the square of the length. */
const LONGEST = 100;

/** The nearest of the names, or `undefined` where none is close: same letters, a synonym, or two typing mistakes. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const plain = letters(name);
  const same = names.find((candidate) => letters(candidate) === plain);
  if (same !== undefined) return same;
  const synonym = Object.hasOwn(SYNONYMS, plain)
    ? SYNONYMS[plain]?.find((word) => names.includes(word))
    : undefined;
  if (synonym !== undefined) return synonym;
  let best: { name: string; distance: number } | undefined;
  for (const candidate of names) {
    const other = letters(candidate);
    const allowed = Math.min(plain.length, other.length) < 4 ? 1 : 2;
    if (Math.abs(other.length - plain.length) > allowed) continue;
    const distance = leven(plain, other);
    if (distance <= allowed && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name;
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}
