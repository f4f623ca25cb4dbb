-- Up to $3 reminders whose window closed after $1 and not after $2 and that were
-- never submitted, or wait for a retry.
select
    r.reminder_id::text as reminder_id, coalesce(t.seq, 0)::bigint as seq, coalesce(t.state, 'planned') as state,
    coalesce(t.attempt, 0)::bigint as attempt, t.channel, t.provider,
    r.channels, micros(r.send_before) as send_before, micros(t.next_at) as next_at
from reminder as r
left join transition as t
    on t.bucket = r.bucket and t.reminder_id = r.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = r.bucket and last.reminder_id = r.reminder_id
    )
where r.send_before > instant($1) and r.send_before <= instant($2) and (t.state is null or t.state = 'retry_later')
order by r.send_before, r.bucket, r.reminder_id
limit $3
