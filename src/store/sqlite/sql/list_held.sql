-- Steps that are due and wait for reason $1 (any where it is empty), after the
-- one of bucket $2, account $3, bill $4 and step $5; up to $6.
select w.bucket, w.account_id, w.bill_id, w.step, w.step_on, w.limit_on, w.reason
from why_not as w
where w.is_open = 1 and (w.bucket, w.account_id, w.bill_id, w.step) > ($2, $3, $4, $5) and ($1 = '' or w.reason = $1)
order by w.bucket, w.account_id, w.bill_id, w.step
limit $6 + 0
