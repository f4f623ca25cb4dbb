-- The repeat-debtor flag of account $1.
select f.flagged_on, f.bills
from account as a
join repeat_debtor as f on f.bucket = a.bucket and f.account_id = a.account_id
where a.account_id = $1
