-- nest
SELECT * FROM system.one;
-- nest
SELECT arraySort(enabledRoles()) AS roles;
