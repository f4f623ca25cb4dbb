-- The steps of reminders $1, $2 (arrays) stay due: where the
-- day after theirs is planned already, their accounts are looked at again. A count
-- below zero says that nothing changed for the days under way.
insert into touched (bucket, account_id, changes)
select distinct r.bucket, r.account_id, -1
from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.reminder_id = k.reminder_id offset 0) as r
join plan_mark as p on p.bucket = r.bucket
where p.planned_through > r.day
on conflict (bucket, account_id) do update set
    changes = case when touched.changes > 0 then touched.changes + 1 else touched.changes - 1 end
