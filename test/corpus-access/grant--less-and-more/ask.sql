-- hand
SELECT count() FROM farm.cows;
-- hand
SELECT count() FROM farm.hens;
-- hand
INSERT INTO farm.cows SELECT 1 WHERE 0;
