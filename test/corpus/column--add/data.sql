INSERT INTO column_add.t SELECT number, number FROM numbers(1000)
