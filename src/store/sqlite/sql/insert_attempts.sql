-- Appends transitions $1 (JSON array). Returns the reminders whose place was free.
-- They are about attempts; of what ends a reminder before any, see insert_ends.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    k.value ->> 'bucket', unhex(k.value ->> 'reminder_id'), k.value ->> 'seq', k.value ->> 'state', k.value ->> 'at', k.value ->> 'attempt', k.value ->> 'channel', k.value ->> 'provider', k.value ->> 'provider_ref',
    k.value ->> 'reason', k.value ->> 'note', k.value ->> 'next_at'
from json_each($1) as k
where true
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id
