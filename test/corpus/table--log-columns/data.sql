INSERT INTO table_log_columns.t VALUES (1, 'x', 0)
