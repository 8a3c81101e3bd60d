-- sue
SELECT getSetting('max_memory_usage')::String, getSetting('log_queries')::String;
