-- Those of reminders $1 (JSON array of {bucket, reminder_id}) of which something became.
select t.reminder_id
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid)
join transition as t on t.bucket = k.bucket and t.reminder_id = k.reminder_id
