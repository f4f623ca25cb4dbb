-- Up to $1 rows that were set aside, or used with a warning.
select j.feed, j.row_id, j.field, j.reason, j.is_warning
from reject as j
order by j.feed, j.is_warning, j.row_id, j.field
limit $1 + 0
