-- Attempts at notices to accounts $1 (JSON array), and what became of each, in order.
select n.account_id, n.reminder_id as reminder_id, n.attempt as attempt, n.channel, n.items, t.state, t.at, t.next_at, t.seq as seq
from json_each($1) as k
join notice_proof as n on n.account_id = k.value ->> 'account_id' and n.bucket = k.value ->> 'bucket'
left join transition as t on t.bucket = n.bucket and t.reminder_id = n.reminder_id and t.attempt = n.attempt
order by reminder_id, attempt, seq
