-- Daemon $1 keeps what it holds for $2 milliseconds from now. Returns all of it.
-- A lease that lapsed and that nobody took is still its own: the fence did not move.
update bucket_lease
set expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond'
where owner = $1::uuid
returning bucket::bigint as bucket, fence
