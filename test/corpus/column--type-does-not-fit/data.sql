INSERT INTO column_type_does_not_fit.t VALUES (1, '7', 1), (2, 'seven', 2)
