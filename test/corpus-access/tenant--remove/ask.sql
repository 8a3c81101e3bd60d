-- cleo_app
SELECT tenant_id, id FROM mine.bills;
-- dan_app
SELECT tenant_id, id FROM mine.bills;
