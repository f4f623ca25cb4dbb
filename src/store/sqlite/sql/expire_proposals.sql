-- Open proposals of buckets $1 (JSON array of {bucket}) whose time is over at $2 expire.
update proposal as p
set verdict = 'expired', decided_by = 'duebell', decided_at = $2, decided_note = 'nobody decided in time'
from json_each($1) as k
where p.bucket = k.value ->> 'bucket' and p.expires_at <= $2 and p.verdict is null
