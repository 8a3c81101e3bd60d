-- stays
SELECT currentRoles();
