INSERT INTO column_used_by_index.t SELECT number, number, toString(number) FROM numbers(1000)
