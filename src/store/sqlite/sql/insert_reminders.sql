-- Writes planned reminders $1 (JSON array).
insert into reminder (bucket, reminder_id, account_id, day, revision, scenario, policy, step, severity, channels, items, planned_at, send_after, send_before)
select
    k.value ->> 'bucket', unhex(k.value ->> 'reminder_id'), k.value ->> 'account_id', k.value ->> 'day', k.value ->> 'revision', k.value ->> 'scenario', k.value ->> 'policy', k.value ->> 'step', k.value ->> 'severity',
    k.value ->> 'channels', k.value ->> 'items', k.value ->> 'planned_at', k.value ->> 'send_after', k.value ->> 'send_before'
from json_each($1) as k
where true
on conflict (bucket, reminder_id) do nothing
