-- nurse
SELECT id, name FROM wards.patients;
-- nurse
SELECT disease FROM wards.patients;
