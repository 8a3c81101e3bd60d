INSERT INTO column_drop.t SELECT number, number, toString(number) FROM numbers(1000)
