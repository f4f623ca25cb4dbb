-- Writes planned reminders $1 … $14 (arrays).
insert into reminder (bucket, reminder_id, account_id, day, revision, scenario, policy, step, severity, channels, items, planned_at, send_after, send_before)
select
    k.bucket, k.reminder_id, k.account_id, k.day, k.revision, k.scenario, k.policy, k.step, k.severity,
    k.channels, k.items, k.planned_at, k.send_after, k.send_before
from unnest($1::smallint[], $2::uuid[], $3::text[], $4::date[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[]) as k(bucket, reminder_id, account_id, day, revision, scenario, policy, step, severity, channels, items, planned_at, send_after, send_before)
where true
on conflict (bucket, reminder_id) do nothing
