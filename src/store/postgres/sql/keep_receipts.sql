-- Keeps receipts $1 (JSON array). One that is there already stays as it is.
insert into receipt_inbox (bucket, provider, message_id, ordinal, reminder_id, attempt, fate, at, received_at, next_at)
select
    k.bucket, k.provider, k.message_id, k.ordinal, k.reminder_id, k.attempt, k.fate, instant(k.at),
    instant(k.received_at), instant(k.received_at)
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, provider text, message_id text, ordinal integer, reminder_id uuid, attempt integer, fate text, at bigint, received_at bigint)
where true
on conflict (bucket, provider, message_id, ordinal) do nothing
