-- amy
SELECT currentRoles(), getSetting('max_threads')::String = '1';
-- amy
SELECT 1 SETTINGS max_threads = 2;
-- bob
SELECT currentRoles();
