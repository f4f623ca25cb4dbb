-- Daemon $1 takes up to $3 buckets that are free or whose lease lapsed, for $2
-- milliseconds from now. Returns them with their fences.
with free as (
    select bucket
    from bucket_lease
    where owner is null or expires_at < clock_timestamp()
    order by bucket
    limit $3
    -- Two daemons take side by side, and a bucket in which a late owner's
    -- write is under way (hold_leases) waits for the next sign of life.
    for update skip locked
)
update bucket_lease as l
set owner = $1::uuid, fence = l.fence + 1,
    expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond'
from free
where l.bucket = free.bucket
returning l.bucket::bigint as bucket, l.fence
