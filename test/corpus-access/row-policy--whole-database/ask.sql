-- ann_barn
SELECT id, owner FROM barn.notes ORDER BY id;
