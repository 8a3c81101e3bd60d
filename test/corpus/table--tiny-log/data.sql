INSERT INTO table_tiny_log.t VALUES (1, 'x')
