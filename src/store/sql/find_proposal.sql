-- The proposal $1.
select p.bucket, p.proposal_id, p.task_id, p.account_id, p.outcome, p.instalments, p.first_on, p.reason, p.note, p.proposed_by, p.proposed_at, p.expires_at, p.needs_two, p.evidence, p.digest, p.verdict, p.decided_by, p.decided_at, p.decided_note from proposal as p where p.proposal_id = $1
