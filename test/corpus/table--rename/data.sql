INSERT INTO table_rename.orders_v1 SELECT number, number, 'x' FROM numbers(1000);
