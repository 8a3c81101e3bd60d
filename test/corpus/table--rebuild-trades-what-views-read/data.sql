INSERT INTO rebuild_trades_what_views_read.events (k, day, noted, name) SELECT number, '2026-01-01', 'a', 'b' FROM numbers(100)
