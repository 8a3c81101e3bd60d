INSERT INTO column_default_forms.t (k) VALUES (1), (2)
