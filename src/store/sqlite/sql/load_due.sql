-- Up to $2 planned reminders that may be submitted at $1.
select
    r.bucket as bucket, lower(hex(r.reminder_id)) as reminder_id, r.account_id, r.day as day, r.revision as revision, r.scenario, r.policy,
    r.step, r.severity, r.channels, r.planned_at as planned_at, r.send_after as send_after, r.send_before as send_before
from reminder as r
where r.send_before > $1 and r.send_after <= $1
    and not exists (
        select 1 from transition as t where t.bucket = r.bucket and t.reminder_id = r.reminder_id
    )
order by r.send_before, r.bucket, r.reminder_id
limit $2
