INSERT INTO table_ttl.t SELECT number, '2026-01-01 00:00:00' FROM numbers(1000)
