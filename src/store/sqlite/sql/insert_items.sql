-- Writes the items $1 (JSON array) of planned reminders.
insert into reminder_item (bucket, reminder_id, bill_id, step, step_on, limit_on)
select k.value ->> 'bucket', unhex(k.value ->> 'reminder_id'), k.value ->> 'bill_id', k.value ->> 'step', k.value ->> 'step_on', k.value ->> 'limit_on'
from json_each($1) as k
where true
on conflict (bucket, reminder_id, bill_id) do nothing
