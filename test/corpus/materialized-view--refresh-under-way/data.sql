CREATE TABLE materialized_view_refresh_under_way.`.tmp.inner_id.20c53a3b-d13d-480f-9e10-310209394391` (k UInt64) ENGINE = MergeTree ORDER BY k
