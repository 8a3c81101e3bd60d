/** Types go in; those of which two servers hash equal values to different numbers, or can't be tried, come out with the reason. */
import { ServerError } from '../live/server.ts';
import type { Side } from './bounds.ts';
import { digestExpression } from './digest-expression.ts';
import { vectorExpression } from './vector.ts';

const VALUES = 200;

/** Types that no table may be given without, but an expression may have. */
const LIBERAL = {
  allow_suspicious_low_cardinality_types: 1,
  allow_suspicious_variant_types: 1,
} as const;

async function hashOf({ server, facts }: Side, type: string): Promise<string> {
  const { expression } = digestExpression('value', type);
  const [row] = await server.rows<[string]>(
    `SELECT toString(sum(cityHash64(tuple(${expression}))))
     FROM (SELECT ${vectorExpression('cityHash64(number)', type)} AS value FROM numbers(${VALUES}))`,
    { settings: { ...facts.settings, ...LIBERAL } },
  );
  return row?.[0] ?? '';
}

async function difference(
  [active, passive]: readonly [Side, Side],
  type: string,
): Promise<string | undefined> {
  try {
    const [here, there] = [await hashOf(active, type), await hashOf(passive, type)];
    return here === there ? undefined : `the servers' versions hash values of the type ${type} differently`;
  } catch (error) {
    if (error instanceof ServerError && error.code !== undefined)
      return `the servers' versions differ, and values of the type ${type} can't be tried: ${error.reason}`;
    throw error;
  }
}

/** By type. Servers of one version hash alike, and are not asked. */
export async function unlikeHashes(
  sides: readonly [Side, Side],
  types: readonly string[],
): Promise<Map<string, string>> {
  const unlike = new Map<string, string>();
  if (sides[0].facts.version === sides[1].facts.version) return unlike;
  for (const type of new Set(types)) {
    const reason = await difference(sides, type);
    if (reason !== undefined) unlike.set(type, reason);
  }
  return unlike;
}
