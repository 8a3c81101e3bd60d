-- ann_room
SELECT id, owner FROM room.notes ORDER BY id;
