INSERT INTO table_distributed.orders VALUES (1, 'x')
