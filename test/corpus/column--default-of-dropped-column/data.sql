INSERT INTO column_default_of_dropped_column.t (k, source) VALUES (1, 2)
