-- The tables of PostHog's events, persons and sessions (MIT), as its migrations spell them, on one cluster without replicas.
-- https://github.com/PostHog/posthog/tree/master/posthog/models
CREATE DATABASE analytics;

CREATE TABLE IF NOT EXISTS analytics.kafka_events_json (
  uuid UUID, event VARCHAR, properties VARCHAR CODEC(ZSTD(3)), timestamp DateTime64(6, 'UTC'), team_id Int64,
  distinct_id VARCHAR, elements_chain VARCHAR, created_at DateTime64(6, 'UTC'), person_id UUID,
  person_created_at DateTime64, person_properties VARCHAR Codec(ZSTD(3)),
  group0_properties VARCHAR Codec(ZSTD(3)), group1_properties VARCHAR Codec(ZSTD(3)),
  group0_created_at DateTime64, group1_created_at DateTime64,
  person_mode Enum8('full' = 0, 'propertyless' = 1, 'force_upgrade' = 2)
) ENGINE = Kafka('kafka:9092', 'clickhouse_events_json', 'group1', 'JSONEachRow')
SETTINGS kafka_skip_broken_messages = 100;

CREATE TABLE IF NOT EXISTS analytics.sharded_events (
  uuid UUID, event VARCHAR, properties VARCHAR CODEC(ZSTD(3)), timestamp DateTime64(6, 'UTC'), team_id Int64,
  distinct_id VARCHAR, elements_chain VARCHAR, created_at DateTime64(6, 'UTC'), person_id UUID,
  person_created_at DateTime64, person_properties VARCHAR Codec(ZSTD(3)),
  group0_properties VARCHAR Codec(ZSTD(3)), group1_properties VARCHAR Codec(ZSTD(3)),
  group0_created_at DateTime64, group1_created_at DateTime64,
  person_mode Enum8('full' = 0, 'propertyless' = 1, 'force_upgrade' = 2)
  , $group_0 VARCHAR MATERIALIZED replaceRegexpAll(JSONExtractRaw(properties, '$group_0'), '^"|"$', '') COMMENT 'column_materializer::$group_0'
  , $window_id VARCHAR MATERIALIZED replaceRegexpAll(JSONExtractRaw(properties, '$window_id'), '^"|"$', '') COMMENT 'column_materializer::$window_id'
  , $session_id VARCHAR MATERIALIZED replaceRegexpAll(JSONExtractRaw(properties, '$session_id'), '^"|"$', '') COMMENT 'column_materializer::$session_id'
  , elements_chain_href String MATERIALIZED extract(elements_chain, '(?::|\")href="(.*?)"')
  , elements_chain_texts Array(String) MATERIALIZED arrayDistinct(extractAll(elements_chain, '(?::|\")text="(.*?)"'))
  , elements_chain_elements Array(Enum('a', 'button', 'form', 'input', 'select', 'textarea', 'label')) MATERIALIZED arrayDistinct(extractAll(elements_chain, '(?:^|;)(a|button|form|input|select|textarea|label)(?:\\.|$|:)'))
  , INDEX `minmax_$group_0` `$group_0` TYPE minmax GRANULARITY 1
  , INDEX `minmax_$window_id` `$window_id` TYPE minmax GRANULARITY 1
  , INDEX `minmax_$session_id` `$session_id` TYPE minmax GRANULARITY 1
  , _timestamp DateTime, _offset UInt64
  , inserted_at Nullable(DateTime64(6, 'UTC')) DEFAULT NOW64()
  , INDEX kafka_timestamp_minmax_sharded_events _timestamp TYPE minmax GRANULARITY 3
) ENGINE = ReplacingMergeTree(_timestamp)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), cityHash64(uuid))
SAMPLE BY cityHash64(distinct_id);

CREATE TABLE IF NOT EXISTS analytics.writable_events (
  uuid UUID, event VARCHAR, properties VARCHAR CODEC(ZSTD(3)), timestamp DateTime64(6, 'UTC'), team_id Int64,
  distinct_id VARCHAR, elements_chain VARCHAR, created_at DateTime64(6, 'UTC'), person_id UUID,
  person_created_at DateTime64, person_properties VARCHAR Codec(ZSTD(3)),
  group0_properties VARCHAR Codec(ZSTD(3)), group1_properties VARCHAR Codec(ZSTD(3)),
  group0_created_at DateTime64, group1_created_at DateTime64,
  person_mode Enum8('full' = 0, 'propertyless' = 1, 'force_upgrade' = 2), _timestamp DateTime, _offset UInt64
) ENGINE = Distributed('main', 'analytics', 'sharded_events', sipHash64(distinct_id));

CREATE TABLE IF NOT EXISTS analytics.events (
  uuid UUID, event VARCHAR, properties VARCHAR CODEC(ZSTD(3)), timestamp DateTime64(6, 'UTC'), team_id Int64,
  distinct_id VARCHAR, elements_chain VARCHAR, created_at DateTime64(6, 'UTC'), person_id UUID,
  person_created_at DateTime64, person_properties VARCHAR Codec(ZSTD(3)),
  group0_properties VARCHAR Codec(ZSTD(3)), group1_properties VARCHAR Codec(ZSTD(3)),
  group0_created_at DateTime64, group1_created_at DateTime64,
  person_mode Enum8('full' = 0, 'propertyless' = 1, 'force_upgrade' = 2)
  , $group_0 VARCHAR COMMENT 'column_materializer::$group_0'
  , $window_id VARCHAR COMMENT 'column_materializer::$window_id'
  , $session_id VARCHAR COMMENT 'column_materializer::$session_id'
  , elements_chain_href String COMMENT 'column_materializer::elements_chain::href'
  , elements_chain_texts Array(String) COMMENT 'column_materializer::elements_chain::texts'
  , elements_chain_elements Array(Enum('a', 'button', 'form', 'input', 'select', 'textarea', 'label')) COMMENT 'column_materializer::elements_chain::elements'
  , _timestamp DateTime, _offset UInt64, inserted_at Nullable(DateTime64(6, 'UTC')) DEFAULT NOW64()
) ENGINE = Distributed('main', 'analytics', 'sharded_events', sipHash64(distinct_id));

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.events_json_mv TO analytics.writable_events AS
SELECT uuid, event, properties, timestamp, team_id, distinct_id, elements_chain, created_at, person_id, person_created_at,
  person_properties, group0_properties, group1_properties, group0_created_at, group1_created_at, person_mode, _timestamp, _offset
FROM analytics.kafka_events_json;

CREATE TABLE IF NOT EXISTS analytics.kafka_person (
  id UUID, created_at DateTime64, team_id Int64, properties VARCHAR, is_identified Int8, is_deleted Int8, version UInt64
) ENGINE = Kafka('kafka:9092', 'clickhouse_person', 'group1', 'JSONEachRow');

CREATE TABLE IF NOT EXISTS analytics.person (
  id UUID, created_at DateTime64, team_id Int64, properties VARCHAR, is_identified Int8, is_deleted Int8, version UInt64
  , _timestamp DateTime, _offset UInt64
  , INDEX kafka_timestamp_minmax_person _timestamp TYPE minmax GRANULARITY 3
) ENGINE = ReplacingMergeTree(version) ORDER BY (team_id, id);

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.person_mv TO analytics.person AS
SELECT id, created_at, team_id, properties, is_identified, is_deleted, version, _timestamp, _offset
FROM analytics.kafka_person;

CREATE TABLE IF NOT EXISTS analytics.kafka_person_distinct_id2 (
  team_id Int64, distinct_id VARCHAR, person_id UUID, is_deleted Int8, version Int64
) ENGINE = Kafka('kafka:9092', 'clickhouse_person_distinct_id', 'group1', 'JSONEachRow');

CREATE TABLE IF NOT EXISTS analytics.person_distinct_id2 (
  team_id Int64, distinct_id VARCHAR, person_id UUID, is_deleted Int8, version Int64
  , _timestamp DateTime, _offset UInt64, _partition UInt64
  , INDEX kafka_timestamp_minmax_person_distinct_id2 _timestamp TYPE minmax GRANULARITY 3
) ENGINE = ReplacingMergeTree(version) ORDER BY (team_id, distinct_id) SETTINGS index_granularity = 512;

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.person_distinct_id2_mv TO analytics.person_distinct_id2 AS
SELECT team_id, distinct_id, person_id, is_deleted, version, _timestamp, _offset, _partition
FROM analytics.kafka_person_distinct_id2;

CREATE TABLE IF NOT EXISTS analytics.sharded_sessions (
  session_id VARCHAR, team_id Int64,
  distinct_id SimpleAggregateFunction(any, String),
  min_first_timestamp SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
  max_last_timestamp SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
  urls SimpleAggregateFunction(groupUniqArrayArray, Array(VARCHAR)),
  entry_url AggregateFunction(argMin, Nullable(VARCHAR), DateTime64(6, 'UTC')),
  exit_url AggregateFunction(argMax, Nullable(VARCHAR), DateTime64(6, 'UTC')),
  initial_utm_source AggregateFunction(argMin, Nullable(VARCHAR), DateTime64(6, 'UTC')),
  event_count SimpleAggregateFunction(sum, Int64),
  pageview_count SimpleAggregateFunction(sum, Int64)
) ENGINE = AggregatingMergeTree()
PARTITION BY toYYYYMM(min_first_timestamp)
ORDER BY (toDate(min_first_timestamp), team_id, session_id)
SETTINGS index_granularity=512;

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.sessions_mv TO analytics.sharded_sessions AS
SELECT $session_id as session_id, team_id, any(distinct_id) as distinct_id,
  min(timestamp) AS min_first_timestamp, max(timestamp) AS max_last_timestamp,
  groupUniqArray(JSONExtractString(properties, '$current_url')) AS urls,
  argMinState(toNullable(JSONExtractString(properties, '$current_url')), timestamp) as entry_url,
  argMaxState(toNullable(JSONExtractString(properties, '$current_url')), timestamp) as exit_url,
  argMinState(toNullable(JSONExtractString(properties, '$initial_utm_source')), timestamp) as initial_utm_source,
  count(*) as event_count, sumIf(1, event='$pageview') as pageview_count
FROM analytics.sharded_events
group by session_id, team_id;
