-- Flags of repeat debtors of accounts $1 (JSON array).
select f.account_id, f.flagged_on, f.bills
from json_each($1) as k
join repeat_debtor as f on f.bucket = k.value ->> 'bucket' and f.account_id = k.value ->> 'account_id'
