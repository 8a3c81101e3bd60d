INSERT INTO column_not_nullable.t VALUES (1, NULL, NULL), (2, 2, 'x')
