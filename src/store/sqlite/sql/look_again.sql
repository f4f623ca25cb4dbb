-- The steps of reminders $1 (JSON array of {bucket, reminder_id}) stay due: where the
-- day after theirs is planned already, their accounts are looked at again. A count
-- below zero says that nothing changed for the days under way.
insert into touched (bucket, account_id, changes)
select distinct r.bucket, r.account_id, -1
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
join plan_mark as p on p.bucket = r.bucket
where p.planned_through > r.day
on conflict (bucket, account_id) do update set
    changes = case when touched.changes > 0 then touched.changes + 1 else touched.changes - 1 end
