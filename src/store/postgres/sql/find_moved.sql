-- Those of reminders $1, $2 (arrays) of which something became.
select t.reminder_id
from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
cross join lateral (select * from transition as t where t.bucket = k.bucket and t.reminder_id = k.reminder_id offset 0) as t
