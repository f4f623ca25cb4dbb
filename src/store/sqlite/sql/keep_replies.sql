-- Keeps replies $1 (JSON array). One that is there already stays as it is.
insert into reply (bucket, reply_id, provider, channel, reminder_id, attempt, address, meaning, words, details, at, received_at, for_people)
select
    k.value ->> 'bucket', k.value ->> 'reply_id', k.value ->> 'provider', k.value ->> 'channel', unhex(k.value ->> 'reminder_id'), k.value ->> 'attempt', k.value ->> 'address', k.value ->> 'meaning',
    k.value ->> 'words', k.value ->> 'details', k.value ->> 'at', k.value ->> 'received_at', 0
from json_each($1) as k
where true
on conflict (bucket, reply_id) do nothing
