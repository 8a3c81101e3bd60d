INSERT INTO table_buffer.t VALUES (1, 'still in the buffer')
