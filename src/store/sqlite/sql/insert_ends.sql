-- Appends transitions $1 (JSON array) that end reminders before any attempt. Returns the
-- reminders whose place was free; it comes too late once one is under way.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    k.value ->> 'bucket', unhex(k.value ->> 'reminder_id'), k.value ->> 'seq', k.value ->> 'state', k.value ->> 'at', k.value ->> 'attempt', k.value ->> 'channel', k.value ->> 'provider', k.value ->> 'provider_ref',
    k.value ->> 'reason', k.value ->> 'note', k.value ->> 'next_at'
from json_each($1) as k
where not exists (
        select 1 from reminder as r
        join submission as s
            on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
        where r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
    )
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id
