-- Proposes $1 … $15 (arrays).
insert into proposal (bucket, proposal_id, task_id, account_id, outcome, instalments, first_on, reason, note, proposed_by, proposed_at, expires_at, needs_two, evidence, digest)
select k.bucket, k.proposal_id, k.task_id, k.account_id, k.outcome, k.instalments, k.first_on, k.reason, k.note, k.proposed_by, k.proposed_at, k.expires_at, k.needs_two, k.evidence, k.digest
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::date[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::boolean[], $14::text[], $15::text[]) as k(bucket, proposal_id, task_id, account_id, outcome, instalments, first_on, reason, note, proposed_by, proposed_at, expires_at, needs_two, evidence, digest)
