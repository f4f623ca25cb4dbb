-- Daemon $1 gives everything back and is gone.
with gone as (
    delete from daemon where owner = $1::uuid
),
given as (
    select bucket
    from bucket_lease
    where owner = $1::uuid
    order by bucket
    for update -- waits for a write that is under way
)
update bucket_lease as l
set owner = null, expires_at = null
from given
where l.bucket = given.bucket
