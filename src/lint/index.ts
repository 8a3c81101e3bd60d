/** The registry: every lint rule, in the order of the reference. */
import type { Rule } from './rule.ts';
import { accessRules } from './rules/access-rules.ts';
import { columnTypeRules } from './rules/column-type-rules.ts';
import { dictionaryRules } from './rules/dictionary-rules.ts';
import { distributedRules } from './rules/distributed-rules.ts';
import { engineRules } from './rules/engine-rules.ts';
import { materializedViewRules } from './rules/materialized-view-rules.ts';
import { partitionRules } from './rules/partition-rules.ts';
import { sortingKeyRules } from './rules/sorting-key-rules.ts';
import { storageRules } from './rules/storage-rules.ts';
import { tenantRules } from './rules/tenant-rules.ts';
import { ttlRules } from './rules/ttl-rules.ts';

export const LINT_RULES: readonly Rule[] = [
  ...sortingKeyRules,
  ...partitionRules,
  ...ttlRules,
  ...columnTypeRules,
  ...storageRules,
  ...distributedRules,
  ...materializedViewRules,
  ...engineRules,
  ...dictionaryRules,
  ...accessRules,
  ...tenantRules,
];

const bySlug = new Map(LINT_RULES.map((rule) => [rule.slug, rule]));

/** Undefined for findings that no lint rule made. */
export function lintRule(slug: string): Rule | undefined {
  return bySlug.get(slug);
}
