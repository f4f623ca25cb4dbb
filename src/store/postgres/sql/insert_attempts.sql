-- Appends transitions $1 … $12 (arrays). Returns the reminders whose place was free.
-- They are about attempts; of what ends a reminder before any, see insert_ends.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    k.bucket, k.reminder_id, k.seq, k.state, k.at, k.attempt, k.channel, k.provider, k.provider_ref,
    k.reason, k.note, k.next_at
from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::text[], $5::timestamptz[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]) as k(bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id
