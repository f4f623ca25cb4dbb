-- Open proposals $1 … $4 (arrays) end at $5, as is said.
update proposal as p
set verdict = k.verdict, decided_by = 'duebell', decided_at = instant($5), decided_note = k.note
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[]) as k(bucket, proposal_id, verdict, note)
where p.bucket = k.bucket and p.proposal_id = k.proposal_id and p.verdict is null
