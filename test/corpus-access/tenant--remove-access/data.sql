INSERT INTO quay.bills VALUES ('eli', 1);
