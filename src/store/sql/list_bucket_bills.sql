-- All bills of bucket $1, account by account.
select b.account_id, b.bill_id, b.currency, b.amount, b.remaining, b.issued_on, b.due_on, b.settled_on
from bill as b
where b.bucket = $1
order by b.account_id, b.issued_on, b.bill_id
