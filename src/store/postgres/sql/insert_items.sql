-- Writes the items $1 (JSON array) of planned reminders.
insert into reminder_item (bucket, reminder_id, bill_id, step, step_on, limit_on)
select r.bucket, r.reminder_id, r.bill_id, r.step, r.step_on, r.limit_on
from jsonb_to_recordset($1::jsonb) as r(bucket smallint, reminder_id uuid, bill_id text, step text, step_on date, limit_on date)
where true
on conflict (bucket, reminder_id, bill_id) do nothing
