-- Proposes $1 (JSON array).
insert into proposal (bucket, proposal_id, task_id, account_id, outcome, instalments, first_on, reason, note, proposed_by, proposed_at, expires_at, needs_two, evidence, digest)
select
    k.value ->> 'bucket', k.value ->> 'proposal_id', k.value ->> 'task_id', k.value ->> 'account_id', k.value ->> 'outcome', k.value ->> 'instalments', k.value ->> 'first_on', k.value ->> 'reason', k.value ->> 'note', k.value ->> 'proposed_by', k.value ->> 'proposed_at', k.value ->> 'expires_at', k.value ->> 'needs_two', k.value ->> 'evidence', k.value ->> 'digest'
from json_each($1) as k
