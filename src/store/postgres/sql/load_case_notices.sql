-- Attempts at notices to accounts $1, $2 (arrays), and what became of each, in order.
select n.account_id, n.reminder_id as reminder_id, n.attempt as attempt, n.channel, n.items, t.state, t.at, t.next_at, t.seq as seq
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from notice_proof as n where n.account_id = k.account_id and n.bucket = k.bucket offset 0) as n
left join lateral (
    select * from transition as t where t.bucket = n.bucket and t.reminder_id = n.reminder_id and t.attempt = n.attempt offset 0
) as t on true
order by reminder_id, attempt, seq
