-- Codes of providers that are new to us, of attempts since $1. $2 is the first id of the
-- earliest day whose windows these may be.
select t.provider, t.note, count(*) as n, max(t.at) as last_at
from transition as t
where t.reminder_id >= $2::uuid and t.at >= instant($1) and t.provider is not null and t.note like '%, new to us'
group by t.provider, t.note
order by n desc, t.provider, t.note
