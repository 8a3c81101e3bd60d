INSERT INTO table_rename_readers.orders SELECT number, number FROM numbers(1000);
INSERT INTO table_rename_readers.buffered VALUES (1, 1);
