-- Accounts that hold the bills named in $1 (JSON array of {bill_id}).
select b.bill_id, b.account_id
from json_each($1) as k
join bill as b on b.bill_id = k.value ->> 'bill_id'
