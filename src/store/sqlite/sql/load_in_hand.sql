-- Reminders of accounts $1 (JSON array of keys) for days from $2 on, and whether
-- anything became of them.
select
    r.account_id, r.reminder_id, r.day, r.revision, r.policy, r.items, r.channels, r.send_after, r.send_before,
    case when exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    ) or exists (
        select 1 from submission as s
        where s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
    ) then 1 else 0 end as is_over
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.account_id = k.value ->> 'account_id' and r.day >= $2
order by r.reminder_id
