-- ann_shed
SELECT id, owner FROM shed.notes ORDER BY id;
