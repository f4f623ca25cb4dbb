-- Accounts that hold the bills named in $1 (JSON array of {bill_id}).
select b.bill_id, b.account_id
from jsonb_to_recordset($1::jsonb) as k(bill_id text)
join bill as b on b.bill_id = k.bill_id
