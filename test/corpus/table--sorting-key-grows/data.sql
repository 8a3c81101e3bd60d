INSERT INTO table_sorting_key_grows.t SELECT number, 'a' FROM numbers(100)
