INSERT INTO column_type_enum.t VALUES (1, 'new')
