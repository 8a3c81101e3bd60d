/** The type of a column and that of what is to go into it go in; SQL for the value comes out, NULL where it can't be had. */
import { typeOf } from '../kinds/type-change.ts';
import { literal } from '../sql/quote.ts';

/** What has the very type that is wanted is `never` NULL, or `maybe`; undefined for all else. */
export type Fits = 'never' | 'maybe' | undefined;

/** Types that can't be Nullable are cast as they are: a value that does not fit fails the load. */
const NEVER_NULL = new Set(['Array', 'Map', 'Tuple', 'Nested', 'JSON', 'Object', 'Variant', 'Dynamic']);

export function castTo(raw: string, type: string): { readonly cast: string; readonly isNullable: boolean } {
  const { name, parameters } = typeOf(type);
  const [inner = ''] = parameters;
  if (name === 'LowCardinality') return castTo(raw, inner);
  if (name === 'Nullable') return { ...castTo(raw, inner), isNullable: true };
  if (NEVER_NULL.has(name)) return { cast: `CAST(${raw} AS ${type})`, isNullable: true };
  // accurateCastOrNull throws for a name that an Enum lacks.
  if (/^Enum/.test(name)) {
    const names = parameters.map((one) => one.replace(/\s*=\s*-?\d+$/, '')).join(', ');
    const text = `toString(${raw})`;
    return { cast: `CAST(if(${text} IN (${names}), ${text}, NULL) AS Nullable(${type}))`, isNullable: false };
  }
  return { cast: `accurateCastOrNull(${raw}, ${literal(type)})`, isNullable: false };
}

const within = (type: string, wrapper: string): string =>
  type.startsWith(`${wrapper}(`) ? type.slice(wrapper.length + 1, -1) : type;
const bare = (type: string): string => within(within(type, 'LowCardinality'), 'Nullable');

/** A value of the very type needs no cast, which costs more than all else that happens to it. */
export function fitting(type: string, found: string | undefined): Fits {
  if (found === undefined || bare(type) !== bare(found)) return undefined;
  return /^(LowCardinality\()?Nullable\(/.test(found) ? 'maybe' : 'never';
}
