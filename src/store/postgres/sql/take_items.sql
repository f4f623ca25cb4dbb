-- Takes the keys (bill, step) of items $1 … $6 (arrays). Returns, per item that got its key, the reminder.
insert into sent_item (bucket, bill_id, step, account_id, day, reminder_id)
select k.bucket, k.bill_id, k.step, k.account_id, k.day, k.reminder_id
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::date[], $6::uuid[]) as k(bucket, bill_id, step, account_id, day, reminder_id)
where true
on conflict (bucket, bill_id, step) do nothing
returning reminder_id
