INSERT INTO table_stripe_log.t VALUES (1, 'x')
