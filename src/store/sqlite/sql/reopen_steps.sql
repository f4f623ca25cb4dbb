-- The items of reminders $1 (JSON array with reason and is_open) were not sent: their
-- steps stay due where is_open says so. Two reminders may be about one step.
insert into why_not (bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open, decided_on)
select i.bucket, r.account_id, i.bill_id, i.step, i.step_on, i.limit_on, k.value ->> 'reason', k.value ->> 'is_open', r.day
from json_each($1) as k
join reminder_item as i on i.bucket = k.value ->> 'bucket' and i.reminder_id = unhex(k.value ->> 'reminder_id')
join reminder as r on r.bucket = i.bucket and r.reminder_id = i.reminder_id
where not exists (
    select 1 from sent_item as s where s.bucket = i.bucket and s.bill_id = i.bill_id and s.step = i.step
)
order by r.day, r.revision
on conflict (bucket, bill_id, step) do update set
    reason = excluded.reason, is_open = excluded.is_open, decided_on = excluded.decided_on
