INSERT INTO column_rename.t (k, amount, note, day, plain) SELECT number, number % 1000, 'x', '2026-01-01', 'p' FROM numbers(1000);
