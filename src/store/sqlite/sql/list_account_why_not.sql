-- All why-not rows of account $1, in order of their steps' dates.
select
    w.bill_id, w.step, w.step_on as step_on, w.limit_on as limit_on, w.reason, w.is_open as is_open,
    w.decided_on as decided_on
from account as a
join why_not as w on w.bucket = a.bucket and w.account_id = a.account_id
where a.account_id = $1
order by w.step_on, w.bill_id
