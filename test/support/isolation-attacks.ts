/** Attacks of the tenant acme on the rows of others that it would have the rights for, were it not for the policies. */

export interface Attack {
  readonly what: string;
  /** Run one after the other in one session. */
  readonly sql: string | readonly string[];
  /** What acme gets, where what it gets says something of other tenants without a word of theirs in it. */
  readonly own?: string;
  /** Goes into the address. */
  readonly settings?: string;
}

const attack = (what: string, sql: Attack['sql'], own?: string, settings?: string): Attack => ({
  ...{ what, sql },
  ...(own !== undefined && { own }),
  ...(settings !== undefined && { settings }),
});

const READ = [
  ...['companies', 'companies_current', "companies_as_of(at = '2100-01-01 00:00:00')"],
  ...['notes', 'notes_log', 'notes_memory', 'notes_buffer', 'notes_merged', 'notes_all'],
  ...['notes_plain', 'notes_invoker', 'notes_definer', 'notes_twice', 'notes_since(since = 0)'],
  ...['tallies', 'tallies_from_notes', 'texts', 'notes_by_id'],
];

/** Whose way of reading is one of its own, and which give a hint to errors. */
const DEEP = [
  'notes',
  'notes_log',
  'notes_memory',
  'notes_buffer',
  'notes_merged',
  'notes_definer',
  'notes_by_id',
];

const PROJECTED = 'force_optimize_projection = 1';

export const ATTACKS: readonly Attack[] = [
  ...READ.map((name) => attack(`reading ${name}`, `SELECT * FROM avesa.${name}`)),
  ...READ.map((name) =>
    attack(`reading ${name} the old way`, `SELECT * FROM avesa.${name} SETTINGS enable_analyzer = 0`),
  ),
  attack('a view without the tenant column', 'SELECT * FROM avesa.notes_totals', '10\t10'),
  ...DEEP.map((name) => attack(`counting ${name}`, `SELECT count() FROM avesa.${name}`, '10')),
  ...DEEP.map((name) =>
    attack(
      `an error that others' rows make, in ${name}`,
      `SELECT count() FROM avesa.${name} WHERE NOT throwIf(amount > 1)`,
      '10',
    ),
  ),
  ...DEEP.map((name) =>
    attack(
      `an error in ${name} with filters merged and moved`,
      `SELECT count() FROM avesa.${name} WHERE throwIf(amount > 1) = 0 SETTINGS query_plan_merge_filters = 1,
       short_circuit_function_evaluation = 'disable', allow_reorder_prewhere_conditions = 1`,
      '10',
    ),
  ),
  attack('a division by zero', 'SELECT sum(intDiv(1, if(amount > 1, 0, 1))) FROM avesa.notes', '10'),
  attack('PREWHERE with an error', 'SELECT count() FROM avesa.notes PREWHERE NOT throwIf(amount > 1)', '10'),
  attack('PREWHERE', 'SELECT * FROM avesa.notes PREWHERE amount > 0'),
  attack('FINAL', 'SELECT * FROM avesa.companies FINAL'),
  attack(
    'FINAL before the policy',
    'SELECT * FROM avesa.companies FINAL SETTINGS apply_row_policy_after_final = 1, apply_prewhere_after_final = 1',
  ),
  attack('sampling', 'SELECT * FROM avesa.notes SAMPLE 1'),
  attack('sampling by halves', [
    'SELECT * FROM avesa.notes SAMPLE 1/2',
    'SELECT * FROM avesa.notes SAMPLE 1/2 OFFSET 1/2',
  ]),
  attack('a subquery', 'SELECT * FROM (SELECT * FROM (SELECT * FROM avesa.notes))'),
  attack('a scalar subquery', 'SELECT (SELECT groupArray(text) FROM avesa.notes)'),
  attack('IN', 'SELECT count() FROM numbers(30) WHERE number IN (SELECT note_id FROM avesa.notes)', '10'),
  attack(
    'GLOBAL IN',
    'SELECT text FROM avesa.notes_all WHERE note_id GLOBAL IN (SELECT note_id FROM avesa.notes_all)',
  ),
  attack('EXISTS', 'SELECT exists(SELECT 1 FROM avesa.notes WHERE amount > 1)', '0'),
  attack('a common table expression', 'WITH n AS (SELECT * FROM avesa.notes) SELECT * FROM n'),
  attack(
    'a recursive one',
    `WITH RECURSIVE n AS (SELECT text, 0 AS level FROM avesa.notes UNION ALL SELECT text, level + 1 FROM n WHERE level < 1)
     SELECT * FROM n`,
  ),
  attack('UNION', 'SELECT text FROM avesa.notes UNION ALL SELECT text FROM avesa.texts'),
  attack(
    'EXCEPT',
    'SELECT count() FROM (SELECT toUInt64(number) FROM numbers(30) EXCEPT SELECT note_id FROM avesa.notes)',
    '20',
  ),
  attack('INTERSECT', 'SELECT text FROM avesa.notes_log INTERSECT SELECT text FROM avesa.notes'),
  attack('a join', 'SELECT b.text FROM avesa.notes_log AS a JOIN avesa.notes AS b USING (note_id)'),
  attack('a cross join', 'SELECT n.text FROM numbers(2) AS m CROSS JOIN avesa.notes AS n'),
  attack(
    'a join with all keys',
    'SELECT d.text FROM (SELECT number AS note_id FROM numbers(30)) AS n LEFT JOIN avesa.notes AS d USING (note_id)',
  ),
  attack(
    'a direct join with a dictionary',
    `SELECT d.text FROM (SELECT number AS note_id FROM numbers(30)) AS n LEFT ANY JOIN avesa.notes_by_id AS d
     ON n.note_id = d.note_id SETTINGS join_algorithm = 'direct,hash'`,
  ),
  attack(
    'a dictionary looked up the other way round',
    "SELECT * FROM avesa.notes_by_id WHERE text LIKE '%canary%' SETTINGS optimize_inverse_dictionary_lookup = 1",
    '',
  ),
  attack('an alias of the tenant column', "WITH 'acme' AS tenant_id SELECT text FROM avesa.notes"),
  attack(
    'a computed tenant column',
    "SELECT text, 'acme' AS tenant_id FROM avesa.notes WHERE tenant_id = 'acme'",
  ),
  attack('a table called like the column', 'SELECT * FROM avesa.notes AS tenant_id'),
  attack(
    'a subquery that gives another tenant column',
    "SELECT text FROM (SELECT 'acme' AS tenant_id, text FROM avesa.notes) AS notes WHERE tenant_id = 'acme'",
  ),
  attack('replaced columns', "SELECT * REPLACE ('acme' AS tenant_id) FROM avesa.notes"),
  attack(
    'totals',
    'SELECT tenant_id, sum(amount) FROM avesa.notes GROUP BY tenant_id WITH TOTALS',
    'acme\t10\n\n\t10',
  ),
  attack('a rollup', 'SELECT text FROM avesa.notes GROUP BY text WITH ROLLUP'),
  attack('a window', 'SELECT max(amount) OVER () AS most FROM avesa.notes LIMIT 1', '1'),
  attack(
    'the least and the greatest',
    'SELECT min(tenant_id), max(tenant_id), max(amount) FROM avesa.notes',
    'acme\tacme\t1',
  ),
  attack(
    'an implicit projection',
    'SELECT count(), max(tenant_id) FROM avesa.notes SETTINGS optimize_use_implicit_projections = 1, optimize_trivial_count_query = 1',
    '10\tacme',
  ),
  attack(
    'an aggregating projection',
    `SELECT tenant_id, count(), sum(amount) FROM avesa.notes GROUP BY tenant_id SETTINGS ${PROJECTED}`,
  ),
  attack(
    'one without the tenant column',
    `SELECT text, count() FROM avesa.notes GROUP BY text SETTINGS ${PROJECTED}`,
  ),
  attack(
    'a sorting projection',
    `SELECT * FROM avesa.notes WHERE text > '' ORDER BY text SETTINGS optimize_use_projection_filtering = 1`,
  ),
  attack('virtual columns', 'SELECT DISTINCT _partition_value FROM avesa.notes'),
  attack('names of parts', 'SELECT uniqExact(_part), uniqExact(_partition_id) FROM avesa.notes', '1\t1'),
  attack('shards', 'SELECT text FROM avesa.notes_all WHERE _shard_num = 2'),
  attack(
    'shards that finish for themselves',
    'SELECT text FROM avesa.notes_all GROUP BY text SETTINGS distributed_group_by_no_merge = 1',
  ),
  attack(
    'shards with replicas preferred',
    'SELECT text FROM avesa.notes_all SETTINGS prefer_localhost_replica = 0, max_parallel_replicas = 2',
  ),
  attack('indexHint', 'SELECT * FROM avesa.notes WHERE indexHint(1)'),
  attack(
    'another filter by a setting',
    'SELECT * FROM avesa.notes',
    undefined,
    "&additional_table_filters={'avesa.notes':'1'}",
  ),
  attack('SET', [
    "SET additional_table_filters = {'avesa.notes': 'tenant_id != \\'acme\\''}",
    'SELECT * FROM avesa.notes',
  ]),
  attack('SET ROLE', ['SET ROLE ALL', 'SELECT * FROM avesa.notes']),
  attack('merge()', "SELECT * FROM merge('avesa', '^(notes|texts)$')"),
  attack('merge() over databases', "SELECT * FROM merge(REGEXP('.*'), '^notes(_log|_memory)?$')"),
  attack('view()', 'SELECT * FROM view(SELECT * FROM avesa.notes)'),
  attack(
    'viewIfPermitted()',
    "SELECT * FROM viewIfPermitted(SELECT text FROM avesa.notes ELSE values('text String', 'none'))",
  ),
  attack(
    'eval()',
    "SELECT * FROM eval('SELECT * FROM avesa.notes') SETTINGS allow_experimental_eval_table_function = 1",
  ),
  attack('mergeTreeIndex()', 'SELECT * FROM mergeTreeIndex(avesa, notes)'),
  attack(
    'mergeTreeIndex() with marks',
    'SELECT tenant_id FROM mergeTreeIndex(avesa, companies, with_marks = true)',
  ),
  attack('mergeTreeProjection()', 'SELECT * FROM mergeTreeProjection(avesa, notes, by_text)'),
  attack(
    'mergeTreeProjection() of sums',
    'SELECT tenant_id FROM mergeTreeProjection(avesa, notes, per_tenant)',
  ),
  attack('mergeTreeTextIndex()', 'SELECT count() > 0 FROM mergeTreeTextIndex(avesa, notes, words)', '0'),
  attack('mergeTreeAnalyzeIndexes()', 'SELECT count() FROM mergeTreeAnalyzeIndexes(avesa, notes)', '0'),
  attack('a count of all rows', "SELECT total_rows FROM system.tables WHERE name = 'notes'", ''),
  attack('bytes of columns', "SELECT count() FROM system.columns WHERE database = 'avesa'", '0'),
  attack('EXPLAIN ESTIMATE', 'EXPLAIN ESTIMATE SELECT * FROM avesa.notes', 'avesa\tnotes\t1\t10\t1'),
  attack(
    'a limit as an oracle',
    "SELECT count() FROM avesa.notes WHERE text != '' SETTINGS max_rows_to_read = 10",
    '10',
  ),
];
