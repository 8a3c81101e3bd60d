/** What is said of dictionaries: when they are read again. */
import type { Rule } from '../rule.ts';

const LINK = 'https://clickhouse.com/docs/sql-reference/statements/create/dictionary';

const example = (lifetime: string): string => `kind: Table
database: shop
name: customers
columns: { customer_id: UInt64, name: String }
order_by: customer_id
---
kind: Dictionary
database: shop
name: customer_names
columns: { customer_id: UInt64, name: String }
primary_key: customer_id
source: { clickhouse: { db: shop, table: customers } }
layout: hashed${lifetime}`;

/** It asks its source each time, and keeps nothing. */
const isDirect = (layout: string): boolean => /(^|_)DIRECT\b/.test(layout);

const withoutLifetime: Rule = {
  slug: 'dictionary-without-lifetime',
  severity: 'error',
  title: 'A dictionary that keeps rows does not say for how long.',
  why: 'Every layout but `direct` keeps rows in memory, and ClickHouse asks to be told when to read them again. A number of seconds, or a range from which each server takes another moment, so that not all of them ask the source at once.',
  link: LINK,
  bad: example(''),
  good: example('\nlifetime: { min: 300, max: 600 }'),
  refusal: 'empty lifetime',
  check: ({ dictionary }) =>
    dictionary && dictionary.lifetime === undefined && !isDirect(dictionary.layout)
      ? [
          {
            message:
              'ClickHouse refuses this layout without a lifetime; add one, such as `lifetime: { min: 300, max: 600 }`',
            at: ['layout'],
          },
        ]
      : [],
};

const neverReloaded: Rule = {
  slug: 'dictionary-never-reloaded',
  severity: 'warning',
  title: 'A dictionary is never read again.',
  why: 'With a lifetime of 0 the dictionary keeps what it read when it was first asked, until the server restarts: servers that started at different times answer differently, and nobody sees what has changed in the source.',
  link: LINK,
  bad: example('\nlifetime: 0'),
  good: example('\nlifetime: 3600'),
  check: ({ dictionary }) =>
    dictionary && /\bMAX 0$/.test(dictionary.lifetime ?? '') && !isDirect(dictionary.layout)
      ? [
          {
            message:
              'a lifetime of 0 keeps what was read first until the server restarts; name the seconds after which it is read again',
            at: ['lifetime'],
          },
        ]
      : [],
};

export const dictionaryRules: readonly Rule[] = [withoutLifetime, neverReloaded];
