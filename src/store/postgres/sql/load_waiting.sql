-- Up to $6 reminders of buckets $1, $2 (arrays) that stand in one of the
-- states $3 (arrays) and whose next moment lies after $4 and not after $5.
select
    t.reminder_id, t.seq, t.state, t.attempt, t.channel, t.provider, r.channels, r.scenario, r.send_before, t.next_at,
    case when t.attempt > 1 and exists (
        select 1 from transition as before
        where before.bucket = t.bucket and before.reminder_id = t.reminder_id and before.state = 'unheard'
    ) then 1 else 0 end as was_taken
from transition as t
join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where t.next_at > instant($4) and t.next_at <= instant($5)
    and t.state in (select w.state from unnest($3::text[]) as w(state))
    and exists (
        select 1 from unnest($1::smallint[], $2::smallint[]) as k(first, last)
        where t.bucket between k.first and k.last
    )
    and not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
order by t.next_at, t.bucket, t.reminder_id
limit $6
