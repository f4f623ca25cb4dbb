-- Up to $3 reminders whose retry came due after $2 and not after $1, inside their window.
select
    r.bucket::bigint as bucket, r.reminder_id::text as reminder_id, r.account_id, r.day::text as day, r.revision::bigint as revision, r.scenario, r.policy,
    r.step, r.severity, r.channels, micros(r.planned_at) as planned_at, micros(r.send_after) as send_after, micros(r.send_before) as send_before,
    t.seq::bigint as seq, t.attempt::bigint as attempt, t.channel,
    (
        select count(*) from transition as tried
        where tried.bucket = t.bucket and tried.reminder_id = t.reminder_id
            and tried.state = 'submitting' and tried.channel = t.channel
    ) - (
        select count(*) from transition as slowed
        where slowed.bucket = t.bucket and slowed.reminder_id = t.reminder_id
            and slowed.state = 'retry_later' and slowed.channel = t.channel and slowed.note like 'throttled%'
    ) as on_channel
from transition as t
join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where t.next_at > instant($2) and t.next_at <= instant($1) and t.state = 'retry_later' and r.send_before > instant($1)
    and not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
order by t.next_at, t.bucket, t.reminder_id
limit $3
