-- Accounts that hold the bills named in $1 (arrays).
select b.bill_id, b.account_id
from unnest($1::text[]) as k(bill_id)
join bill as b on b.bill_id = k.bill_id
