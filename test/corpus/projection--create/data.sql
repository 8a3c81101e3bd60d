INSERT INTO projection_create.t SELECT number, toString(number), number, [1., 2., 3., 4.] FROM numbers(1000)
