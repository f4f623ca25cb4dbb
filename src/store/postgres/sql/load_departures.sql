-- Departures of accounts $1, $2 (arrays), the earliest first.
select
    d.account_id, d.left_on, d.how, d.code, d.says, d.class, d.tier, d.attributed_on, d.set_by, d.offered_on, d.back_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from departure as d where d.bucket = k.bucket and d.account_id = k.account_id offset 0) as d
order by d.account_id, d.left_on, d.how
