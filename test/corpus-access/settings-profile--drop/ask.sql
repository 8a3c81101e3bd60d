-- dora
SELECT getSetting('max_block_size')::String = '77';
