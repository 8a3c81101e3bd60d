INSERT INTO column_ttl.t VALUES (1, '2026-01-01 00:00:00', 'a', 'b', 'c')
