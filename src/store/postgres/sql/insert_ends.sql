-- Appends transitions $1 … $12 (arrays) that end reminders before any attempt. Returns the
-- reminders whose place was free; it comes too late once one is under way.
insert into transition (bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
select
    k.bucket, k.reminder_id, k.seq, k.state, k.at, k.attempt, k.channel, k.provider, k.provider_ref,
    k.reason, k.note, k.next_at
from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::text[], $5::timestamptz[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]) as k(bucket, reminder_id, seq, state, at, attempt, channel, provider, provider_ref, reason, note, next_at)
where not exists (
        select 1 from reminder as r
        join submission as s
            on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
        where r.bucket = k.bucket and r.reminder_id = k.reminder_id
    )
on conflict (bucket, reminder_id, seq) do nothing
returning reminder_id
