-- Takes the keys (bill, step) of items $1 (JSON array). Returns, per item that got its key, the reminder.
insert into sent_item (bucket, bill_id, step, account_id, day, reminder_id)
select k.bucket, k.bill_id, k.step, k.account_id, k.day, k.reminder_id
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, bill_id text, step text, account_id text, day date, reminder_id uuid)
where true
on conflict (bucket, bill_id, step) do nothing
returning reminder_id
