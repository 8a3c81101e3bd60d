-- lena
SHOW GRANTS;
