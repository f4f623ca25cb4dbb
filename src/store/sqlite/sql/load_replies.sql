-- Up to $2 replies of buckets $1 (JSON array of {first, last}) that are to be settled, the
-- oldest first, and parts of texts last.
select
    r.bucket, r.reply_id, r.provider, r.channel, r.reminder_id, r.attempt, r.address, r.meaning, r.words,
    r.details, r.at, r.received_at
from reply as r
where r.settled_at is null
    and exists (
        select 1 from json_each($1) as k
        where r.bucket between k.value ->> 'first' and k.value ->> 'last'
    )
order by case when r.meaning = 'part' then 1 else 0 end, r.received_at, r.bucket, r.reply_id
limit $2 + 0
