-- ida
SELECT getSetting('max_threads')::String, getSetting('max_block_size')::String;
