-- Up to $4 reminders that stand in one of the states $1 (JSON array of {state}) and
-- whose next moment lies after $2 and not after $3.
select
    t.reminder_id::text as reminder_id, t.seq::bigint as seq, t.state, t.attempt::bigint as attempt, t.channel, t.provider,
    r.channels, micros(r.send_before) as send_before, micros(t.next_at) as next_at
from transition as t
join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where t.next_at > instant($2) and t.next_at <= instant($3)
    and t.state in (select k.state from jsonb_to_recordset($1::jsonb) as k(state text))
    and not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
order by t.next_at, t.bucket, t.reminder_id
limit $4
