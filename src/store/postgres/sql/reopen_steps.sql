-- The items of reminders $1 … $4 (arrays, with reason and is_open) were not sent: their
-- steps stay due where is_open says so. Two reminders may be about one step.
-- Differs: PostgreSQL does not update one row twice in a statement.
insert into why_not (bucket, account_id, bill_id, step, step_on, limit_on, reason, is_open, decided_on)
select distinct on (r.bucket, i.bill_id, i.step)
    r.bucket, r.account_id, i.bill_id, i.step, i.step_on, i.limit_on, k.reason, k.is_open, r.day
from unnest($1::smallint[], $2::uuid[], $3::text[], $4::boolean[]) as k(bucket, reminder_id, reason, is_open)
cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.reminder_id = k.reminder_id offset 0) as r
cross join lateral jsonb_to_recordset(r.items::jsonb) as i(bill_id text, step text, step_on date, limit_on date)
where not exists (
    select 1 from sent_item as s where s.bucket = r.bucket and s.bill_id = i.bill_id and s.step = i.step
)
order by r.bucket, i.bill_id, i.step, r.day desc, r.revision desc
on conflict (bucket, bill_id, step) do update set
    reason = excluded.reason, is_open = excluded.is_open, decided_on = excluded.decided_on
