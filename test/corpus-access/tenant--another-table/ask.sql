-- gus_app
SELECT tenant_id, id FROM dock.bills;
