-- Takes the keys (account, day) of reminders $1 (JSON array). Returns those that got theirs.
insert into sent_day (bucket, account_id, day, reminder_id)
select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'day', unhex(k.value ->> 'reminder_id')
from json_each($1) as k
where true
on conflict (bucket, account_id, day) do nothing
returning lower(hex(reminder_id)) as reminder_id
