-- Keeps receipts $1 … $9 (arrays). One that is there already stays as it is.
insert into receipt_inbox (bucket, provider, message_id, ordinal, reminder_id, attempt, fate, at, received_at, next_at)
select
    k.bucket, k.provider, k.message_id, k.ordinal, k.reminder_id, k.attempt, k.fate, k.at,
    k.received_at, k.received_at
from unnest($1::smallint[], $2::text[], $3::text[], $4::integer[], $5::uuid[], $6::integer[], $7::text[], $8::timestamptz[], $9::timestamptz[]) as k(bucket, provider, message_id, ordinal, reminder_id, attempt, fate, at, received_at)
where true
on conflict (bucket, provider, message_id, ordinal) do nothing
