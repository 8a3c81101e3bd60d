-- eli_app
SELECT tenant_id, id FROM quay.bills;
