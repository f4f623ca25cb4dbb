-- Open proposals $1 (JSON array) end at $2, as is said.
update proposal as p
set verdict = k.value ->> 'verdict', decided_by = 'duebell', decided_at = $2, decided_note = k.value ->> 'note'
from json_each($1) as k
where p.bucket = k.value ->> 'bucket' and p.proposal_id = k.value ->> 'proposal_id' and p.verdict is null
