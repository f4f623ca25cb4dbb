-- Writes planned reminders $1 (JSON array).
insert into reminder (bucket, reminder_id, account_id, day, revision, scenario, policy, step, severity, channels, items, planned_at, send_after, send_before)
select
    k.bucket, k.reminder_id, k.account_id, k.day, k.revision, k.scenario, k.policy, k.step, k.severity,
    k.channels, k.items, instant(k.planned_at), instant(k.send_after), instant(k.send_before)
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid, account_id text, day date, revision integer, scenario text, policy text, step text, severity text, channels text, items text, planned_at bigint, send_after bigint, send_before bigint)
where true
on conflict (bucket, reminder_id) do nothing
