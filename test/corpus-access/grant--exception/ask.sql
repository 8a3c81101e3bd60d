-- eve
SELECT count() FROM books.public_days;
-- eve
SELECT count() FROM books.salaries;
