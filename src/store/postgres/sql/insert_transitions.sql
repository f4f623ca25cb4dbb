-- Appends transitions $1 (JSON array). Returns the reminders whose place was free.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    k.bucket, k.reminder_id, k.seq, k.state, instant(k.at), k.attempt, k.channel, k.provider, k.provider_ref,
    k.reason, k.note, instant(k.next_at)
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid, seq integer, state text, at bigint, attempt integer, channel text, provider text, provider_ref text, reason text, note text, next_at bigint)
where true
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id::text as reminder_id
