-- Accounts that hold the bills named in $1 (arrays).
select b.bill_id, b.account_id
from unnest($1::text[]) as k(bill_id)
cross join lateral (select * from bill as b where b.bill_id = k.bill_id offset 0) as b
