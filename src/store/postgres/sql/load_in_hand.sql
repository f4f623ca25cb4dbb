-- Reminders of accounts $1, $2 (arrays) for days from $3 on, and whether
-- anything became of them.
-- Differs: PostgreSQL is told the first id of that day as well, and leaves the
-- months before it alone.
select
    r.account_id, r.reminder_id, r.day, r.revision, r.policy, r.items, r.channels, r.send_after, r.send_before,
    case when exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    ) or exists (
        select 1 from submission as s
        where s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
    ) then 1::bigint else 0 end as is_over
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.account_id = k.account_id and r.day >= $3::date and r.reminder_id >= first_id($3::date) offset 0) as r
order by r.reminder_id
