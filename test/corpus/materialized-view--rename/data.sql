INSERT INTO materialized_view_rename.t SELECT number, 1 FROM numbers(1000);
