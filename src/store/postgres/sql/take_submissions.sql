-- Takes the keys (account, day) of first attempts $1 … $7 (arrays), which marks them as
-- submitting. Returns those that got theirs.
insert into submission (bucket, account_id, day, reminder_id, at, channel, provider)
select k.bucket, k.account_id, k.day, k.reminder_id, k.at, k.channel, k.provider
from unnest($1::smallint[], $2::text[], $3::date[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[]) as k(bucket, account_id, day, reminder_id, at, channel, provider)
where true
on conflict (bucket, account_id, day) do nothing
returning reminder_id
