-- What was known on $3 of accounts $1, $2 (arrays); of usage, what is of $4 or later.
select k.account_id, e.body
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (
    select e.row_id, e.on_day, e.body from evidence as e
    where e.bucket = k.bucket and e.account_id = k.account_id and e.on_day <= $3::date
        and (e.feed <> 'usage' or e.on_day >= $4::date)
    offset 0
) as e
order by k.account_id, e.on_day, e.row_id
