-- front_desk with FRONT_DESK
SELECT currentDatabase(), currentRoles();
