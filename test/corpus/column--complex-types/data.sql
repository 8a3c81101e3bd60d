INSERT INTO column_complex_types.t VALUES (1, (1, 'a'), map('a', 1), '{"a": {"b": 7}}', 'x', [1, NULL])
