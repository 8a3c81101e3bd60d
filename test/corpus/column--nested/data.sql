INSERT INTO column_nested.t VALUES (1, [1, 2], ['a', 'b'])
