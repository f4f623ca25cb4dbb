-- The consent ledger of account $1, in order.
select c.channel, c.purpose, c.said_at, c.is_given, c.source, c.proof
from account as a
join consent as c on c.bucket = a.bucket and c.account_id = a.account_id
where a.account_id = $1
order by c.said_at, c.channel, c.purpose, c.is_given desc
