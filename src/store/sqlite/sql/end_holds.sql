-- Holds $1 (JSON array) ended at $2, as is said.
update placed_hold as p
set ended = k.value ->> 'ended', ended_at = $2
from json_each($1) as k
where p.bucket = k.value ->> 'bucket' and p.hold_id = k.value ->> 'hold_id' and p.ended is null
