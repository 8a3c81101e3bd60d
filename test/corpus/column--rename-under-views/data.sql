INSERT INTO column_rename_under_views.t SELECT number, number FROM numbers(10);
