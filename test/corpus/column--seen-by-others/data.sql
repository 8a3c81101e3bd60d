INSERT INTO column_seen_by_others.t VALUES (7, 1, 2)
