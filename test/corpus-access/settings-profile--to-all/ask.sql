-- una
SELECT getSetting('max_insert_block_size')::String = '4321';
-- vic
SELECT getSetting('max_insert_block_size')::String = '4321';
