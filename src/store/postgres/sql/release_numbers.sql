-- Reminders $1 … $3 (arrays) were no contacts at these numbers, or with these people.
delete from contact as c
using unnest($1::smallint[], $2::text[], $3::uuid[]) as k(bucket, key, reminder_id)
where c.bucket = k.bucket and c.key = k.key and c.reminder_id = k.reminder_id
