INSERT INTO pier.bills VALUES ('fay', 1);
