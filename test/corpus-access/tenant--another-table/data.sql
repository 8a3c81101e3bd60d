INSERT INTO dock.bills VALUES ('gus', 1), ('other', 2);
