INSERT INTO table_rebuild_does_not_fit.t VALUES (1, 'a'), (2, NULL), (3, 'c');
