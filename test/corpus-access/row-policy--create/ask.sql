-- ann_hall
SELECT id, owner FROM hall.notes ORDER BY id;
