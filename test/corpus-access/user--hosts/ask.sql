-- gate
SELECT currentUser();
