-- Advice of buckets $1 (JSON array of numbers) that is to be sent by $2, up to $3, the first first.
select a.bucket, a.advice_id, a.account_id, a.outcome, a.body, a.made_at, a.next_at, a.attempts, a.sent_at, a.last_error
from json_each($1) as k
join advice as a on a.bucket = k.value and a.next_at <= $2
order by a.next_at, a.advice_id
limit $3 + 0
