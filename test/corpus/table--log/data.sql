INSERT INTO table_log.t VALUES (1, 'x')
