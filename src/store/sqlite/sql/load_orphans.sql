-- Up to $5 reminders of buckets $1 (JSON array of numbers) whose window closes after $2
-- and not after $3, and whose first attempt has no outcome. $4 is the first id of the
-- earliest day whose windows these may be.
select
    r.reminder_id, 0 as seq, 'submitting' as state, 1 as attempt, s.channel, s.provider,
    r.channels, r.scenario, r.send_before, null as next_at, 0 as was_taken
from json_each($1) as k
join reminder as r on r.bucket = k.value and r.send_before > $2 and r.send_before <= $3 and r.reminder_id >= unhex($4)
join submission as s
    on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
where not exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    )
order by r.bucket, r.reminder_id
limit $5 + 0
