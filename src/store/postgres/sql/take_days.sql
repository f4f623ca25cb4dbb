-- Takes the keys (account, day) of reminders $1 (JSON array). Returns those that got theirs.
insert into sent_day (bucket, account_id, day, reminder_id)
select k.bucket, k.account_id, k.day, k.reminder_id
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, day date, reminder_id uuid)
where true
on conflict (bucket, account_id, day) do nothing
returning reminder_id::text as reminder_id
