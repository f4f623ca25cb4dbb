-- The items of reminders $1 (JSON array with reason and is_open) were not sent: their
-- steps stay due where is_open says so. Two reminders may be about one step.
insert into why_not (bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open, decided_on)
select
    r.bucket, r.account_id, i.value ->> 'bill_id', i.value ->> 'step', i.value ->> 'step_on', i.value ->> 'limit_on', k.value ->> 'reason', k.value ->> 'is_open', r.day
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
join json_each(r.items) as i
where not exists (
    select 1 from sent_item as s where s.bucket = r.bucket and s.bill_id = i.value ->> 'bill_id' and s.step = i.value ->> 'step'
)
order by r.day, r.revision
on conflict (bucket, bill_id, step) do update set
    reason = excluded.reason, is_open = excluded.is_open, decided_on = excluded.decided_on
