/** Two types go in; whether ClickHouse converts any value of the one into the other comes out, as its `accurateCast` does. */

/** Types between which ClickHouse converts alike. */
export type Family =
  | ('number' | 'wide' | 'decimal' | 'text' | 'fixed' | 'day' | 'moment' | 'precise' | 'clock' | 'enum')
  | ('uuid' | 'ipv4' | 'ipv6' | 'array' | 'map' | 'tuple' | 'json' | 'variant' | 'dynamic' | 'state');

const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/^(U?Int(8|16|32|64)|B?Float\d+|Bool)$/, 'number'],
  [/^U?Int(128|256)$/, 'wide'],
  [/^Decimal/, 'decimal'],
  [/^String$/, 'text'],
  [/^FixedString$/, 'fixed'],
  [/^Date(32)?$/, 'day'],
  [/^DateTime$/, 'moment'],
  [/^DateTime64$/, 'precise'],
  [/^Time(64)?$/, 'clock'],
  [/^Enum/, 'enum'],
  [/^UUID$/, 'uuid'],
  [/^IPv4$/, 'ipv4'],
  [/^IPv6$/, 'ipv6'],
  [/^(Array|Nested)$/, 'array'],
  [/^Map$/, 'map'],
  [/^(Tuple|Point)$/, 'tuple'],
  [/^JSON$/, 'json'],
  [/^Variant$/, 'variant'],
  [/^Dynamic$/, 'dynamic'],
  [/^AggregateFunction$/, 'state'],
];

/** What 26.7 converts each family to, beside `String`, `Dynamic` and itself. */
const REACHES: Readonly<Record<Family, readonly Family[]>> = {
  number: ['wide', 'decimal', 'day', 'moment', 'precise', 'clock', 'enum'],
  wide: ['number', 'day', 'moment', 'clock'],
  decimal: ['number', 'wide', 'precise'],
  text: FAMILIES.map(([, family]) => family).filter((family) => family !== 'map'),
  fixed: ['number', 'wide', 'decimal', 'day', 'moment', 'precise', 'clock', 'enum', 'uuid', 'ipv6'],
  day: ['number', 'wide', 'moment', 'precise', 'clock'],
  moment: ['number', 'wide', 'day', 'precise', 'clock'],
  precise: ['number', 'wide', 'decimal', 'day', 'moment', 'clock'],
  clock: ['number', 'wide', 'day', 'moment', 'precise'],
  enum: ['number', 'wide', 'day', 'moment', 'clock'],
  uuid: [],
  ipv4: ['wide', 'ipv6'],
  ipv6: [],
  array: ['map'],
  map: ['array', 'json'],
  tuple: ['json'],
  json: [],
  variant: ['number', 'wide', 'decimal', 'day', 'moment', 'precise', 'clock', 'enum'],
  dynamic: FAMILIES.map(([, family]) => family),
  state: [],
};

/** By a type's name alone; undefined for one that nobody knows. */
export function familyOf(name: string): Family | undefined {
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1];
}

/** By the names of the types alone, what stands between their parentheses left out; a name nobody knows converts. */
export function converts(from: string, to: string): boolean {
  const [a, b] = [familyOf(from), familyOf(to)];
  if (a === undefined || b === undefined || a === b) return true;
  if (b === 'text' || b === 'dynamic' || b === 'variant') return true;
  return REACHES[a].includes(b) || (from === 'IPv4' && /^UInt(32|64)$/.test(to));
}
