-- Experiment $1 is stopped by $2 at $3 because of $4, for good.
update experiment set stopped_by = $2, stopped_at = $3, stop_reason = $4
where name = $1 and stopped_by is null
