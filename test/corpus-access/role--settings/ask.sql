-- sloth
SELECT getSetting('max_threads')::String;
-- sloth
SELECT 1 SETTINGS max_memory_usage = 5000000000;
