-- Those of reminders $1 (JSON array of {bucket, reminder_id}) of which something became.
select t.reminder_id
from json_each($1) as k
join transition as t on t.bucket = k.value ->> 'bucket' and t.reminder_id = unhex(k.value ->> 'reminder_id')
