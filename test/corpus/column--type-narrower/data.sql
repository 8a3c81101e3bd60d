INSERT INTO column_type_narrower.t VALUES (1, 200, '77', 1.25, '2026-01-01 00:00:00.000', [1, 2])
