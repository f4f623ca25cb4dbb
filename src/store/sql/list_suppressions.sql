-- What keeps us from account $1, channel by channel; what was lifted included.
select
    s.channel, s.cause, s.is_lifted, s.address, s.said_at, s.source, a.phone, a.email
from account as a
join suppression as s on s.bucket = a.bucket and s.account_id = a.account_id
where a.account_id = $1
order by s.channel, s.cause
