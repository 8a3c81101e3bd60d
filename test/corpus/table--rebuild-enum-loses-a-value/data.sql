INSERT INTO table_rebuild_enum_loses_a_value.t VALUES (1, 'new'), (2, 'waiting')
