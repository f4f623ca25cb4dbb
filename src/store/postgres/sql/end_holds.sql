-- Holds $1 … $3 (arrays) ended at $4, as is said.
update placed_hold as p
set ended = k.ended, ended_at = instant($4)
from unnest($1::smallint[], $2::text[], $3::text[]) as k(bucket, hold_id, ended)
where p.bucket = k.bucket and p.hold_id = k.hold_id and p.ended is null
