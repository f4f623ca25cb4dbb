-- Writes planned reminders $1 (JSON array).
insert into reminder (bucket, reminder_id, account_id, day, revision, scenario, policy, step, severity, channels, planned_at, send_after, send_before)
select
    r.value ->> 'bucket', unhex(r.value ->> 'reminder_id'), r.value ->> 'account_id', r.value ->> 'day', r.value ->> 'revision', r.value ->> 'scenario', r.value ->> 'policy', r.value ->> 'step', r.value ->> 'severity',
    r.value ->> 'channels', r.value ->> 'planned_at', r.value ->> 'send_after', r.value ->> 'send_before'
from json_each($1) as r
where true
on conflict (bucket, reminder_id) do nothing
