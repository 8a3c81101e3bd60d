INSERT INTO table_memory.t VALUES (1, 2, 'x')
