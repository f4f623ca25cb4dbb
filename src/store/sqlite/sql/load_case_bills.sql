-- Bills with something unpaid of accounts $1 (JSON array).
select b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on, b.settled_on
from json_each($1) as k
join bill as b on b.bucket = k.value ->> 'bucket' and b.account_id = k.value ->> 'account_id'
where b.remaining > 0
order by b.account_id, b.bill_id
