INSERT INTO table_rename_elsewhere.t SELECT number FROM numbers(1000);
