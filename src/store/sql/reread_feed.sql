-- The next sync reads feed $1 from the beginning.
update feed set changed_at = '0001-01-01 00:00:00', row_id = '' where name = $1
