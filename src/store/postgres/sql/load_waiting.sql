-- Up to $5 reminders of buckets $1 (JSON array of {first, last}) that stand in one of the
-- states $2 (JSON array of {state}) and whose next moment lies after $3 and not after $4.
select
    t.reminder_id, t.seq, t.state, t.attempt, t.channel, t.provider, r.channels, r.send_before, t.next_at
from transition as t
join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where t.next_at > instant($3) and t.next_at <= instant($4)
    and t.state in (select w.state from jsonb_to_recordset($2::jsonb) as w(state text))
    and exists (
        select 1 from jsonb_to_recordset($1::jsonb) as k(first smallint, last smallint)
        where t.bucket between k.first and k.last
    )
    and not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
order by t.next_at, t.bucket, t.reminder_id
limit $5
