INSERT INTO database_size_limits.small SELECT number, 'x' FROM numbers(1000);
