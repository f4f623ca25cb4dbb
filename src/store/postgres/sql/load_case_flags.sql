-- Flags of repeat debtors of accounts $1, $2 (arrays).
select f.account_id, f.flagged_on, f.bills
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from repeat_debtor as f where f.bucket = k.bucket and f.account_id = k.account_id offset 0) as f
