-- Daemon $1 gives back those of the leases $2, $3 (arrays) that it holds.
with given as (
    select l.bucket
    from bucket_lease as l
    join unnest($2::smallint[], $3::bigint[]) as k(bucket, fence)
        on k.bucket = l.bucket and k.fence = l.fence
    where l.owner = $1::uuid
    order by l.bucket
    for update of l -- waits for a write that is under way
)
update bucket_lease as l
set owner = null, expires_at = null
from given
where l.bucket = given.bucket
