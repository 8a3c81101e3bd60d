INSERT INTO scd_drop.tickets (tenant_id, region, ticket_id, status, hours, note, seen_at) VALUES
  ('acme', 'eu', 1, 'New', 1.5, 'a', now()), ('globex', 'us', 1, 'Closed', 2, 'b', now());
