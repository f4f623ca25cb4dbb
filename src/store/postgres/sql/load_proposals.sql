-- All proposals of accounts $1, $2 (arrays).
select p.bucket, p.proposal_id, p.task_id, p.account_id, p.outcome, p.instalments, p.first_on, p.reason, p.note, p.proposed_by, p.proposed_at, p.expires_at, p.needs_two, p.evidence, p.digest, p.verdict, p.decided_by, p.decided_at, p.decided_note
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from proposal as p where p.bucket = k.bucket and p.account_id = k.account_id offset 0) as p
order by p.proposed_at, p.proposal_id
