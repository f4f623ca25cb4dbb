-- Takes the keys (bill, step) of items $1 (JSON array). Returns, per item that got its key, the reminder.
insert into sent_item (bucket, bill_id, step, account_id, day, reminder_id)
select r.value ->> 'bucket', r.value ->> 'bill_id', r.value ->> 'step', r.value ->> 'account_id', r.value ->> 'day', unhex(r.value ->> 'reminder_id')
from json_each($1) as r
where true
on conflict (bucket, bill_id, step) do nothing
returning lower(hex(reminder_id)) as reminder_id
