-- Why-not rows of accounts $1, for bills still unpaid and rows still open.
select
    w.account_id, w.bill_id, w.step, w.step_on::text as step_on, w.limit_on::text as limit_on, w.reason, w.is_open::int::bigint as is_open
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
join why_not as w on w.bucket = k.bucket and w.account_id = k.account_id
where w.is_open
    or exists (
        select 1 from bill as b
        where b.bucket = w.bucket and b.bill_id = w.bill_id and b.remaining > 0
    )
