-- The open task $1 is $2's from $3 on; nobody's where it is empty. Returns whose account it is about.
update task set assigned_to = nullif($2, ''), assigned_at = case when $2 = '' then null else $3 end
where task_id = $1 and done_at is null
returning bucket, account_id
