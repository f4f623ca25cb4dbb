-- Open proposals of buckets $1 (array) whose time is over at $2 expire.
update proposal as p
set verdict = 'expired', decided_by = 'duebell', decided_at = instant($2), decided_note = 'nobody decided in time'
from unnest($1::smallint[]) as k(bucket)
where p.bucket = k.bucket and p.expires_at <= instant($2) and p.verdict is null
