-- Bills of accounts $1, $2 with something unpaid, or with an open why-not row.
select
    b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on,
    b.settled_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id offset 0) as b
where b.remaining > 0
    or exists (
        select 1 from why_not as w
        where w.bucket = b.bucket and w.account_id = b.account_id and w.bill_id = b.bill_id and w.is_open
    )
