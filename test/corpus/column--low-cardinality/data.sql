INSERT INTO column_low_cardinality.t VALUES ('x', 'y', NULL)
