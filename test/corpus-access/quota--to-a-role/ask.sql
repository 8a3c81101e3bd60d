-- alone
SELECT count() FROM system.quota_usage;
-- one_of
SELECT count() FROM system.quota_usage;
