-- Up to $5 reminders of buckets $1 (arrays) whose window closes after $2
-- and not after $3, and whose first attempt has no outcome. $4 is the first id of the
-- earliest day whose windows these may be.
select
    r.reminder_id, 0 as seq, 'submitting' as state, 1 as attempt, s.channel, s.provider,
    r.channels, r.scenario, r.send_before, null::timestamptz as next_at, 0 as was_taken
from unnest($1::smallint[]) as k(bucket)
cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.send_before > instant($2) and r.send_before <= instant($3) and r.reminder_id >= $4::uuid offset 0) as r
join submission as s
    on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
where not exists (
        select 1 from transition as t
        where t.bucket = r.bucket and t.reminder_id = r.reminder_id and t.reminder_id >= $4::uuid
    )
order by r.bucket, r.reminder_id
limit $5
