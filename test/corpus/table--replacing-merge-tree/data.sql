INSERT INTO table_replacing_merge_tree.t SELECT number, 1, toString(number) FROM numbers(1000)
