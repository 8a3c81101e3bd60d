-- ann_attic
SELECT id, owner FROM attic.notes ORDER BY id;
