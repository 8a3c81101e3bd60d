INSERT INTO column_used_by_projection.t SELECT number, number % 3, number, 1, 2 FROM numbers(1000)
