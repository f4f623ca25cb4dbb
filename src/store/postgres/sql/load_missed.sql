-- Up to $5 reminders of buckets $1 (arrays) whose window closed after $2
-- and not after $3 and that were never submitted, or wait for another attempt. $4 is the
-- first id of the earliest day whose windows these may be.
select
    r.reminder_id, coalesce(t.seq, 0) as seq,
    coalesce(t.state, case when s.at is null then 'planned' else 'submitting' end) as state,
    coalesce(t.attempt, case when s.at is null then 0 else 1 end) as attempt,
    coalesce(t.channel, s.channel) as channel, coalesce(t.provider, s.provider) as provider,
    r.channels, r.scenario, r.send_before, t.next_at,
    case when t.state = 'unheard' then 1 else 0 end as was_taken
from unnest($1::smallint[]) as k(bucket)
cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.send_before > instant($2) and r.send_before <= instant($3) and r.reminder_id >= $4::uuid offset 0) as r
left join submission as s
    on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
left join transition as t
    on t.bucket = r.bucket and t.reminder_id = r.reminder_id and t.reminder_id >= $4::uuid
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = r.bucket and last.reminder_id = r.reminder_id and last.reminder_id >= $4::uuid
    )
where t.state in ('retry_later', 'unheard') or (t.state is null and s.at is null)
order by r.bucket, r.reminder_id
limit $5
