-- Reminders $1, $2 (arrays) were no contacts with their accounts. Returns the numbers
-- and people that they were counted under besides.
delete from contact as c
using unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
where c.bucket = k.bucket and c.reminder_id = k.reminder_id and c.number is not null
returning c.reminder_id, c.number, c.person
