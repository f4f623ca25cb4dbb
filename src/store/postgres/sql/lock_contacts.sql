-- Locks what numbers and people $1 (array) are counted under until the end of the
-- transaction, always in the same order.
select pg_advisory_xact_lock(k.number)
from (
    select distinct hashtextextended(k.key, 8) as number from unnest($1::text[]) as k(key) order by 1
) as k
