-- Open tasks that were promised for a time after $1 and not after $2.
select count(*) as n from task as t where t.done_at is null and t.due_at > $1 and t.due_at <= $2
