-- guard
SELECT arraySort(currentRoles());
