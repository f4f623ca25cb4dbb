-- Takes the keys (account, day) of first attempts $1 (JSON array), which marks them as
-- submitting. Returns those that got theirs.
insert into submission (bucket, account_id, day, reminder_id, at, channel, provider)
select k.bucket, k.account_id, k.day, k.reminder_id, instant(k.at), k.channel, k.provider
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, day date, reminder_id uuid, at bigint, channel text, provider text)
where true
on conflict (bucket, account_id, day) do nothing
returning reminder_id
