-- Planned reminders of accounts $1, for days from $2 on, of which nothing was submitted.
select
    r.account_id, r.reminder_id::text as reminder_id, r.day::text as day, r.revision::bigint as revision, r.policy,
    i.bill_id, i.step,
    case when exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    ) then 1::bigint else 0 end as is_over
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
join reminder as r on r.bucket = k.bucket and r.account_id = k.account_id and r.day >= $2::date
join reminder_item as i on i.bucket = r.bucket and i.reminder_id = r.reminder_id
order by r.reminder_id, i.bill_id
