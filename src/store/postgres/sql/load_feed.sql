-- How far feed $1 was read.
select changed_at, row_id, read_at, moved_at, rows_read, rows_used, rows_set_aside
from feed
where name = $1
