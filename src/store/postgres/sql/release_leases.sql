-- Daemon $1 gives back those of the leases $2 (JSON array of {bucket, fence}) that it holds.
with given as (
    select l.bucket
    from bucket_lease as l
    join jsonb_to_recordset($2::jsonb) as k(bucket smallint, fence bigint)
        on k.bucket = l.bucket and k.fence = l.fence
    where l.owner = $1::uuid
    order by l.bucket
    for update of l -- waits for a write that is under way
)
update bucket_lease as l
set owner = null, expires_at = null
from given
where l.bucket = given.bucket
