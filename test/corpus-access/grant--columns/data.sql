INSERT INTO shop.orders VALUES (1, 'a chair', '4111');
INSERT INTO shop.prices VALUES (1, 20);
