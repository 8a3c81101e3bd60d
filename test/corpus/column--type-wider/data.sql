INSERT INTO column_type_wider.t SELECT number, number, '2026-01-01' FROM numbers(1000)
