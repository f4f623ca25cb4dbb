-- Experiment $1, which is a proposal, is approved by $2 at $3 because of $4.
update experiment set approved_by = $2, approved_at = $3, approval = $4
where name = $1 and approved_by is null and stopped_by is null
