INSERT INTO column_nullable.t VALUES (1, 2, 'x')
