-- sam
SELECT id, name FROM shop.orders;
-- sam
SELECT card FROM shop.orders;
-- sam
INSERT INTO shop.orders (id, card) SELECT 2, 'x' WHERE 0;
