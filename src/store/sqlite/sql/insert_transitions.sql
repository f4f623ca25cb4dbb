-- Appends transitions $1 (JSON array). Returns the reminders whose place was free.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    r.value ->> 'bucket', unhex(r.value ->> 'reminder_id'), r.value ->> 'seq', r.value ->> 'state', r.value ->> 'at', r.value ->> 'attempt', r.value ->> 'channel', r.value ->> 'provider', r.value ->> 'provider_ref',
    r.value ->> 'reason', r.value ->> 'note', r.value ->> 'next_at'
from json_each($1) as r
where true
on conflict (bucket, reminder_id, seq) do nothing
returning lower(hex(reminder_id)) as reminder_id
