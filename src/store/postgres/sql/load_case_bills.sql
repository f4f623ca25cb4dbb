-- Bills with something unpaid of accounts $1, $2 (arrays).
select b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on, b.settled_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from bill as b where b.bucket = k.bucket and b.account_id = k.account_id offset 0) as b
where b.remaining > 0
order by b.account_id, b.bill_id
