INSERT INTO column_type_enum_loses_a_value.t VALUES (1, 'new'), (2, 'waiting')
