INSERT INTO tower.notes VALUES (1, 'ann', 1), (2, 'ben', 2), (3, 'ann', 3);
