INSERT INTO scd_rename.companies (tenant_id, company_id, name, effective_date, expiry_date, is_current, record_version, is_retracted) SETTINGS optimize_on_insert = 0 VALUES
  ('acme', '1', 'One', '2026-01-01', '2999-12-31 23:59:59', true, 1, 0), ('acme', '1', 'One', '2026-01-01', '2026-02-01', false, 2, 0),
  ('acme', '1', 'One', '2026-02-01', '2999-12-31 23:59:59', true, 2, 1)
