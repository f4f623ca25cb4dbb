-- Outages that had begun by $3 in the areas of accounts $1, $2 (arrays).
select k.account_id, o.area, o.starts_on, o.ends_on
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (
    select a.area from account as a
    where a.bucket = k.bucket and a.account_id = k.account_id and a.area <> ''
    offset 0
) as a
join outage as o on o.area = a.area and o.starts_on <= $3::date
order by k.account_id, o.starts_on, o.outage_id
