-- vault with VAULT_OLD
SELECT 'the old password';
-- vault with VAULT_NEW
SELECT 'the new password';
