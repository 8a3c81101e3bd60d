INSERT INTO table_distributed_elsewhere.orders_all SETTINGS distributed_foreground_insert = 0 VALUES (1, 'x')
