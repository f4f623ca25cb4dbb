-- Accounts of buckets $1 (array) to be judged on $3, in order: those with a bill
-- that was due from $2 on and is overdue, those whose facts changed and who are in
-- arrears or were judged before, and those whose class ends.
-- Scalar subqueries, and not `exists`, which PostgreSQL may answer for all accounts at once.
select found.bucket, found.account_id
from (
    select b.bucket, b.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (
        select b.bucket, b.account_id from bill as b
        where b.bucket = k.bucket and b.due_on >= $2::date and b.due_on < $3::date and b.remaining > 0
        offset 0
    ) as b
    union
    select t.bucket, t.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (select * from touched as t where t.bucket = k.bucket offset 0) as t
    where coalesce(
        (
            select 1 from bill as late
            where late.bucket = t.bucket and late.account_id = t.account_id and late.due_on < $3::date and late.remaining > 0
            limit 1
        ),
        (select 1 from debt_class as c where c.bucket = t.bucket and c.account_id = t.account_id limit 1)
    ) = 1
    union
    select d.bucket, d.account_id
    from unnest($1::smallint[]) as k(bucket)
    cross join lateral (select * from debt_class as d where d.bucket = k.bucket and d.expires_on <= $3::date offset 0) as d
    where d.source = 'rules' or d.expires_on < $3::date
) as found
order by found.bucket, found.account_id
