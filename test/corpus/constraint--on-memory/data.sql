INSERT INTO constraint_on_memory.t VALUES (1)
