-- many
SELECT quota_key FROM system.quota_usage;
