-- Writes the items $1 (JSON array) of planned reminders.
insert into reminder_item (bucket, reminder_id, bill_id, step, step_on, limit_on)
select k.bucket, k.reminder_id, k.bill_id, k.step, k.step_on, k.limit_on
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid, bill_id text, step text, step_on date, limit_on date)
where true
on conflict (bucket, reminder_id, bill_id) do nothing
