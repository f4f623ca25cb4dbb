-- All bills of account $1, latest due first.
select
    b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on,
    b.settled_on
from account as a
join bill as b on b.bucket = a.bucket and b.account_id = a.account_id
where a.account_id = $1
order by b.due_on desc, b.bill_id
