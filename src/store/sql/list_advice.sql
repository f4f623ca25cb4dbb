-- Advice that nobody has taken yet, and all of it if $1 is 1, up to $2, the oldest first.
select a.bucket, a.advice_id, a.account_id, a.outcome, a.body, a.made_at, a.next_at, a.attempts, a.sent_at, a.last_error
from advice as a
where a.sent_at is null or $1 = 1
order by a.made_at, a.advice_id
limit $2 + 0
