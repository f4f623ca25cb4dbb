-- Appends transitions $1 (JSON array). Returns the reminders whose place was free.
-- What ends a reminder before any attempt comes too late once one is under way.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    k.bucket, k.reminder_id, k.seq, k.state, instant(k.at), k.attempt, k.channel, k.provider, k.provider_ref,
    k.reason, k.note, instant(k.next_at)
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid, seq integer, state text, at bigint, attempt integer, channel text, provider text, provider_ref text, reason text, note text, next_at bigint)
where k.attempt > 0 or not exists (
        select 1 from reminder as r
        join submission as s
            on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
        where r.bucket = k.bucket and r.reminder_id = k.reminder_id
    )
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id
