INSERT INTO table_prune_by_name.dropped SELECT number FROM numbers(5000)
