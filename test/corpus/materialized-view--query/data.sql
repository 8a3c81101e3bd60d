INSERT INTO materialized_view_query.orders SELECT number, 'a', '2026-01-01 00:00:00' FROM numbers(100)
