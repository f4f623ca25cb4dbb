-- Open tasks per kind, and how many of them were promised for before $1.
select t.kind, count(*) as n, count(*) filter (where t.due_at < instant($1)) as overdue
from task as t
where t.done_at is null
group by t.kind
order by t.kind
