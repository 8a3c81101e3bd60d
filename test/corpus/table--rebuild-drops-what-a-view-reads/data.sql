INSERT INTO rebuild_drops_what_a_view_reads.events SELECT number, '2026-01-01', 'a' FROM numbers(100)
