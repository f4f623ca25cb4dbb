-- Of the leases $2, $3 (arrays, in the order of buckets), the buckets that are still
-- those of daemon $1, held fast until the end of the transaction.
select l.bucket::bigint as bucket
from unnest($2::smallint[], $3::bigint[]) as k(bucket, fence)
cross join lateral (
    select l.bucket from bucket_lease as l
    where l.bucket = k.bucket and l.fence = k.fence and l.owner = $1::uuid
    -- The weakest lock that a change of owner (for update) cannot pass. A mere
    -- renewal changes no key and passes: signs of life and writes do not wait for
    -- one another, and cannot wait in a circle.
    for key share
) as l
