-- Planned reminders of accounts $1, for days from $2 on, of which nothing was submitted.
select
    r.account_id, lower(hex(r.reminder_id)) as reminder_id, r.day as day, r.revision as revision, r.policy,
    i.bill_id, i.step,
    case when exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    ) then 1 else 0 end as is_over
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.account_id = k.value ->> 'account_id' and r.day >= $2
join reminder_item as i on i.bucket = r.bucket and i.reminder_id = r.reminder_id
order by r.reminder_id, i.bill_id
