-- Accounts named $1, with number $2, with a bill $1, or with a name from $3 to
-- before $4 in small letters; up to $5.
select f.bucket, f.account_id
from (
    select a.bucket, a.account_id, 1 as rank, '' as name from account as a where a.account_id = $1
    union all
    select b.bucket, b.account_id, 2, '' from bill as b where b.bill_id = $1
    union all
    select a.bucket, a.account_id, 3, '' from account as a where a.phone = $2
    union all
    select n.bucket, n.account_id, 4, n.name from (
        select a.bucket, a.account_id, lower(a.name) as name from account as a
        where $3 <> '' and lower(a.name) >= $3 and lower(a.name) < $4
        order by lower(a.name)
        limit $5 + 0
    ) as n
) as f
group by f.bucket, f.account_id
order by min(f.rank), min(f.name), f.account_id
limit $5 + 0
