-- Keeps replies $1 … $12 (arrays). One that is there already stays as it is.
insert into reply (bucket, reply_id, provider, channel, reminder_id, attempt, address, meaning, words, details, at, received_at, for_people)
select
    k.bucket, k.reply_id, k.provider, k.channel, k.reminder_id, k.attempt, k.address, k.meaning,
    k.words, k.details, k.at, k.received_at, false
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[]) as k(bucket, reply_id, provider, channel, reminder_id, attempt, address, meaning, words, details, at, received_at)
where true
on conflict (bucket, reply_id) do nothing
