-- Up to $2 planned reminders that may be submitted at $1.
select
    r.bucket::bigint as bucket, r.reminder_id::text as reminder_id, r.account_id, r.day::text as day, r.revision::bigint as revision, r.scenario, r.policy,
    r.step, r.severity, r.channels, micros(r.planned_at) as planned_at, micros(r.send_after) as send_after, micros(r.send_before) as send_before
from reminder as r
where r.send_before > instant($1) and r.send_after <= instant($1)
    and not exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    )
order by r.send_before, r.bucket, r.reminder_id
limit $2
