-- Ends the open cases of accounts $1, $2 (arrays) on $3 with outcome $4.
with open as materialized (
    select c.bucket, c.account_id, c.opened_on
    from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
    cross join lateral (select * from dunning_case as c where c.bucket = k.bucket and c.account_id = k.account_id and c.closed_on is null offset 0) as c
)
update dunning_case as c set closed_on = $3::date, outcome = $4
from open
where c.bucket = open.bucket and c.account_id = open.account_id and c.opened_on = open.opened_on
