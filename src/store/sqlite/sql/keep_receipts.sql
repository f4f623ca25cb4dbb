-- Keeps receipts $1 (JSON array). One that is there already stays as it is.
insert into receipt_inbox (bucket, provider, message_id, ordinal, reminder_id, attempt, fate, at, received_at, next_at)
select
    k.value ->> 'bucket', k.value ->> 'provider', k.value ->> 'message_id', k.value ->> 'ordinal', unhex(k.value ->> 'reminder_id'), k.value ->> 'attempt', k.value ->> 'fate', k.value ->> 'at',
    k.value ->> 'received_at', k.value ->> 'received_at'
from json_each($1) as k
where true
on conflict (bucket, provider, message_id, ordinal) do nothing
