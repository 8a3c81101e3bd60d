-- ops
SELECT count() > 0 FROM system.users;
-- ops
SELECT count() > 0 FROM system.roles;
