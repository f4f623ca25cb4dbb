-- Of the leases $2, $3 (arrays), the buckets that are still
-- those of daemon $1, held fast until the end of the transaction.
select l.bucket::bigint as bucket
from bucket_lease as l
join unnest($2::smallint[], $3::bigint[]) as k(bucket, fence)
    on k.bucket = l.bucket and k.fence = l.fence
where l.owner = $1::uuid
order by l.bucket
-- The weakest lock that a change of owner (for update) cannot pass. A mere
-- renewal changes no key and passes: signs of life and writes do not wait for
-- one another, and cannot wait in a circle.
for key share of l
