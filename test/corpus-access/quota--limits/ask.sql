-- busy
SELECT max_queries, max_read_bytes, max_execution_time FROM system.quota_usage;
