-- Accounts of buckets $1 (JSON array of numbers) with something unpaid that falls
-- due, or fell due, from $2 on and before $3; in order.
select distinct b.bucket, b.account_id
from json_each($1) as k
join bill as b on b.bucket = k.value and b.due_on >= $2 and b.due_on < $3 and b.remaining > 0
order by b.bucket, b.account_id
