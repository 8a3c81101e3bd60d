INSERT INTO table_engine.t VALUES (1, 1), (2, 2)
