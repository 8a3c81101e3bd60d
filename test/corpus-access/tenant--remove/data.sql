INSERT INTO mine.bills VALUES ('cleo', 1), ('dan', 2);
