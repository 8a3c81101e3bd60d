-- often
SELECT duration, max_queries, max_errors, max_written_bytes FROM system.quota_usage ORDER BY duration;
