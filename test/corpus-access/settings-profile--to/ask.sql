-- tia
SELECT getSetting('max_block_size')::String = '1234';
-- tom
SELECT getSetting('max_block_size')::String = '1234';
