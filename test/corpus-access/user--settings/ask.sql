-- clerk
SELECT getSetting('max_threads')::String, getSetting('max_result_rows')::String, getSetting('log_comment');
-- clerk
SELECT 1 SETTINGS max_result_rows = 6000;
