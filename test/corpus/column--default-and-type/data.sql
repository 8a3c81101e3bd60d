INSERT INTO column_default_and_type.t (k) VALUES (1)
