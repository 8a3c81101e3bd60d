INSERT INTO mill.bills VALUES ('ada', 1), ('bea', 2);
