INSERT INTO table_summing_merge_tree.t SELECT number, number, -1 FROM numbers(1000)
