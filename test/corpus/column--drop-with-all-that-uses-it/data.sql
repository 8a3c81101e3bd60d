INSERT INTO column_drop_with_all_that_uses_it.t VALUES (1, '2026-01-01 00:00:00', 'a')
