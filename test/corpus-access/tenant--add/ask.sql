-- ada_app
SELECT tenant_id, id FROM mill.bills;
-- bea_app
SELECT tenant_id, id FROM mill.bills;
