INSERT INTO table_embedded_rocksdb_rebuild.t SELECT number, number * 2 FROM numbers(100)
