INSERT INTO column_rename_key.t VALUES (1, 2, [3]);
INSERT INTO column_rename_key.logged VALUES (4);
