-- ivan
SELECT count() FROM vaults.public_days;
-- ivan
SELECT count() FROM vaults.salaries;
-- ivan
INSERT INTO vaults.salaries SELECT 1 WHERE 0;
