INSERT INTO column_type_of_times_out_of_range.t VALUES (1, '2020-02-29'), (2, '1925-01-01')
