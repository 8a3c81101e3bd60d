INSERT INTO table_aggregating_merge_tree.t SELECT number, uniqState('x'), number FROM numbers(100) GROUP BY number
