-- All why-not rows of account $1, in order of their steps' dates.
select
    w.bill_id, w.step, w.step_on, w.limit_on, w.reason, w.is_open,
    w.decided_on
from account as a
join bill as b on b.bucket = a.bucket and b.account_id = a.account_id
join why_not as w on w.bucket = b.bucket and w.bill_id = b.bill_id
where a.account_id = $1
order by w.step_on, w.bill_id
