-- Appends transitions $1 (JSON array). Returns the reminders whose place was free.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    r.bucket, r.reminder_id, r.seq, r.state, instant(r.at), r.attempt, r.channel, r.provider, r.provider_ref,
    r.reason, r.note, instant(r.next_at)
from jsonb_to_recordset($1::jsonb) as r(bucket smallint, reminder_id uuid, seq integer, state text, at bigint, attempt integer, channel text, provider text, provider_ref text, reason text, note text, next_at bigint)
where true
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id::text as reminder_id
