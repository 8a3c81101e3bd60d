-- walt
SELECT count() FROM staff.public_rates;
-- walt
SELECT count() FROM staff.salaries;
