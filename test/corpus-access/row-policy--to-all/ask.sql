-- ann_tower
SELECT id, owner FROM tower.notes ORDER BY id;
