-- olga
SHOW GRANTS;
