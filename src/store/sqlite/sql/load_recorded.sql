-- Why-not rows of accounts $1, for bills still unpaid and rows still open.
select
    w.account_id, w.bill_id, w.step, w.step_on as step_on, w.limit_on as limit_on, w.reason, w.is_open as is_open
from json_each($1) as k
join why_not as w on w.bucket = k.value ->> 'bucket' and w.account_id = k.value ->> 'account_id'
where w.is_open = 1
    or exists (
        select 1 from bill as b
        where b.bucket = w.bucket and b.bill_id = w.bill_id and b.remaining > 0
    )
