-- Task $1 is done by $2 at $3, with outcome $4; $5 is 1 where the subscriber was
-- satisfied, 0 where not, and below where nobody asked. Returns whose it was.
-- A review ends otherwise.
update task
set done_by = $2, done_at = instant($3), outcome = $4, satisfied = case when $5 < 0 then null else $5 = 1 end
where task_id = $1 and done_at is null and kind <> 'review'
returning bucket, account_id, kind
