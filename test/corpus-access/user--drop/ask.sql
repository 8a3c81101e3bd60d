-- leaver
SELECT currentUser();
