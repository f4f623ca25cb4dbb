-- Takes the keys (account, day) of first attempts $1 (JSON array), which marks them as
-- submitting. Returns those that got theirs.
insert into submission (bucket, account_id, day, reminder_id, at, channel, provider)
select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'day', unhex(k.value ->> 'reminder_id'), k.value ->> 'at', k.value ->> 'channel', k.value ->> 'provider'
from json_each($1) as k
where true
on conflict (bucket, account_id, day) do nothing
returning reminder_id
