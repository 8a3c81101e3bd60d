INSERT INTO table_partition_key.t VALUES (1, '2026-01-01 00:00:00'), (2, '2026-02-01 00:00:00')
