-- fay_app
SELECT max_queries, max_read_bytes FROM system.quota_usage;
