INSERT INTO column_statistics.t VALUES (1, 2, 3, 4, 5)
