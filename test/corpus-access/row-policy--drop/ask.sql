-- ann_well
SELECT id, owner FROM well.notes ORDER BY id;
