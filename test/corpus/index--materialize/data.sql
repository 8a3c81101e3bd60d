INSERT INTO index_materialize.t SELECT number, toString(number) FROM numbers(1000);
