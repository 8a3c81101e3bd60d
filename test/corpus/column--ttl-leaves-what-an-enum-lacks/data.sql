INSERT INTO column_ttl_leaves_what_an_enum_lacks.t VALUES (1, '2020-01-01 00:00:00', 'a', 1, 'a');
OPTIMIZE TABLE column_ttl_leaves_what_an_enum_lacks.t FINAL
