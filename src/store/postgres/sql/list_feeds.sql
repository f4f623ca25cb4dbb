-- How far each feed was read.
select name, changed_at, read_at, rows_read, rows_used, rows_set_aside from feed order by name
