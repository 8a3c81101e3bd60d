-- ray
SELECT 1 SETTINGS max_result_rows = 5;
-- ray
SELECT getSetting('max_threads')::String;
-- ray
SELECT getSetting('max_block_size')::String SETTINGS max_block_size = 500;
