INSERT INTO scd_from_plain.companies VALUES
  ('acme', '1', 'One', NULL, '2026-01-01', '2026-01-01', '2026-02-01', false, 'a1'),
  ('acme', '1', 'One Ltd', '', '2026-02-01', '2026-02-01', '2999-12-31 23:59:59', true, 'a2'),
  ('globex', '1', 'Other', 'Software', '2026-01-01', '2026-01-01', '2026-03-01', false, 'b1');
INSERT INTO scd_from_plain.companies (tenant_id, company_id, name, record_hash) VALUES ('globex', '2', 'Two', 'c1');
