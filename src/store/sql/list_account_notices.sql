-- What the notices to account $1 said, and what became of each reminder, in order.
select
    n.reminder_id as reminder_id, n.attempt as attempt, n.day, n.items, n.channel, n.provider, n.address, n.language,
    n.template, n.template_version, n.subject, n.body, n.submitted_at,
    t.state, t.at, t.provider_ref, t.seq as seq
from notice_proof as n
left join transition as t
    on t.bucket = n.bucket and t.reminder_id = n.reminder_id and t.attempt = n.attempt
where n.account_id = $1
order by reminder_id, attempt, seq
