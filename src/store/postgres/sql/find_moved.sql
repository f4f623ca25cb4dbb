-- Those of reminders $1, $2 (arrays) of which something became.
select t.reminder_id
from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
join transition as t on t.bucket = k.bucket and t.reminder_id = k.reminder_id
