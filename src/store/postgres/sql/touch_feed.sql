-- Feed $1 was read to its end at $2 and had nothing more. A feed that never had
-- a row stands at $3, its beginning.
insert into feed (name, changed_at, row_id, read_at, moved_at, rows_read, rows_used, rows_set_aside)
values ($1, $3, '', instant($2), instant($2), 0, 0, 0)
on conflict (name) do update set read_at = excluded.read_at
