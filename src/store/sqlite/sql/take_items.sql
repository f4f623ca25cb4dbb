-- Takes the keys (bill, step) of items $1 (JSON array). Returns, per item that got its key, the reminder.
insert into sent_item (bucket, bill_id, step, account_id, day, reminder_id)
select k.value ->> 'bucket', k.value ->> 'bill_id', k.value ->> 'step', k.value ->> 'account_id', k.value ->> 'day', unhex(k.value ->> 'reminder_id')
from json_each($1) as k
where true
on conflict (bucket, bill_id, step) do nothing
returning reminder_id
