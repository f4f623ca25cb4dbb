-- Up to $5 reminders of buckets $1 (JSON array of {first, last}) that stand in one of the
-- states $2 (JSON array of {state}) and whose next moment lies after $3 and not after $4.
-- Differs: in SQLite a cross join keeps its order, so that the moments lead.
select
    t.reminder_id, t.seq, t.state, t.attempt, t.channel, t.provider, r.channels, r.scenario, r.send_before, t.next_at,
    case when t.attempt > 1 and exists (
        select 1 from transition as before
        where before.bucket = t.bucket and before.reminder_id = t.reminder_id and before.state = 'unheard'
    ) then 1 else 0 end as was_taken
from transition as t
cross join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where t.next_at > $3 and t.next_at <= $4
    and t.state in (select w.value ->> 'state' from json_each($2) as w)
    and exists (
        select 1 from json_each($1) as k
        where t.bucket between k.value ->> 'first' and k.value ->> 'last'
    )
    and not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
order by t.next_at, t.bucket, t.reminder_id
limit $5 + 0
