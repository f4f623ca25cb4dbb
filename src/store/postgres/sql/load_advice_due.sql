-- Advice of buckets $1 (array) that is to be sent by $2, up to $3, the first first.
select a.bucket, a.advice_id, a.account_id, a.outcome, a.body, a.made_at, a.next_at, a.attempts, a.sent_at, a.last_error
from unnest($1::smallint[]) as k(bucket)
cross join lateral (select * from advice as a where a.bucket = k.bucket and a.next_at <= instant($2) offset 0) as a
order by a.next_at, a.advice_id
limit $3
