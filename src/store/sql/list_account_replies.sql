-- All replies of account $1, in order.
select
    r.bucket, r.reply_id, r.provider, r.channel, r.account_id, r.address, r.meaning, r.words, r.details, r.at,
    r.for_people, r.done_at, r.done_by
from reply as r
where r.account_id = $1
order by r.received_at, r.reply_id
