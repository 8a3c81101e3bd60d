INSERT INTO column_retyped_under_others.t VALUES (7, 1)
