INSERT INTO table_many_changes.t SELECT number, '2026-01-01 00:00:00', 'g', number, 'm', 'p' FROM numbers(1000)
