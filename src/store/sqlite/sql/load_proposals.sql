-- All proposals of accounts $1 (JSON array).
select p.bucket, p.proposal_id, p.task_id, p.account_id, p.outcome, p.instalments, p.first_on, p.reason, p.note, p.proposed_by, p.proposed_at, p.expires_at, p.needs_two, p.evidence, p.digest, p.verdict, p.decided_by, p.decided_at, p.decided_note
from json_each($1) as k
join proposal as p on p.bucket = k.value ->> 'bucket' and p.account_id = k.value ->> 'account_id'
order by p.proposed_at, p.proposal_id
