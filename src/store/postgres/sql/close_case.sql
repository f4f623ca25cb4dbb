-- The open review $1 is decided by $2 at $3, with outcome $4.
update task set done_by = $2, done_at = instant($3), outcome = $4
where task_id = $1 and done_at is null and kind = 'review'
