-- Writes the items $1 (JSON array) of planned reminders.
insert into reminder_item (bucket, reminder_id, bill_id, step, step_on, limit_on)
select r.value ->> 'bucket', unhex(r.value ->> 'reminder_id'), r.value ->> 'bill_id', r.value ->> 'step', r.value ->> 'step_on', r.value ->> 'limit_on'
from json_each($1) as r
where true
on conflict (bucket, reminder_id, bill_id) do nothing
