-- Accounts of buckets $1 (JSON array of numbers) to be judged on $3, in order:
-- those with a bill that was due from $2 on and is overdue, those whose facts changed
-- and who are in arrears or were judged before, and those whose class ends.
select found.bucket, found.account_id
from (
    select b.bucket, b.account_id
    from json_each($1) as k
    join bill as b on b.bucket = k.value and b.due_on >= $2 and b.due_on < $3 and b.remaining > 0
    union
    select t.bucket, t.account_id
    from json_each($1) as k
    join touched as t on t.bucket = k.value
    where coalesce(
        (
            select 1 from bill as late
            where late.bucket = t.bucket and late.account_id = t.account_id and late.due_on < $3 and late.remaining > 0
            limit 1
        ),
        (select 1 from debt_class as c where c.bucket = t.bucket and c.account_id = t.account_id limit 1)
    ) = 1
    union
    select d.bucket, d.account_id
    from json_each($1) as k
    join debt_class as d on d.bucket = k.value and d.expires_on <= $3
    where d.source = 'rules' or d.expires_on < $3
) as found
order by found.bucket, found.account_id
