-- Up to $3 replies of buckets $1, $2 (arrays) that are to be settled, the
-- oldest first, and parts of texts last.
select
    r.bucket, r.reply_id, r.provider, r.channel, r.reminder_id, r.attempt, r.address, r.meaning, r.words,
    r.details, r.at, r.received_at
from reply as r
where r.settled_at is null
    and exists (
        select 1 from unnest($1::smallint[], $2::smallint[]) as k(first, last)
        where r.bucket between k.first and k.last
    )
order by case when r.meaning = 'part' then 1 else 0 end, r.received_at, r.bucket, r.reply_id
limit $3
