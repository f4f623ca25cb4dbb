-- Up to $1 replies that wait for people, the oldest first.
select
    r.bucket, r.reply_id, r.provider, r.channel, r.account_id, r.address, r.meaning, r.words, r.details, r.at,
    r.for_people, r.done_at, r.done_by
from reply as r
where r.for_people = 1 and r.done_at is null
order by r.received_at, r.reply_id
limit $1 + 0
