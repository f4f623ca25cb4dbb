-- Writes planned reminders $1 (JSON array).
insert into reminder (bucket, reminder_id, account_id, day, revision, scenario, policy, step, severity, channels, planned_at, send_after, send_before)
select
    r.bucket, r.reminder_id, r.account_id, r.day, r.revision, r.scenario, r.policy, r.step, r.severity,
    r.channels, instant(r.planned_at), instant(r.send_after), instant(r.send_before)
from jsonb_to_recordset($1::jsonb) as r(bucket smallint, reminder_id uuid, account_id text, day date, revision integer, scenario text, policy text, step text, severity text, channels text, planned_at bigint, send_after bigint, send_before bigint)
where true
on conflict (bucket, reminder_id) do nothing
