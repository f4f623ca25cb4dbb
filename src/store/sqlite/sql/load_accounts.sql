-- Accounts $1 (JSON array of keys), with the class that counts on $2: what staff
-- set goes before what was judged.
select
    a.bucket, a.account_id, a.name, a.language, a.zone, a.tier, a.segment, a.area, a.person_id, a.phone, a.email,
    a.preferred_channel, coalesce(t.changes, 0) as changes,
    coalesce(told.class, judged.class, 'unknown') as class, e.body as estimate,
    case when w.is_gentle then 1 else 0 end as is_watched,
    (
        select group_concat(s.channel || ':' || case when s.is_lifted = 0 then s.cause else 'agreed' end, ',') from suppression as s
        where s.bucket = a.bucket and s.account_id = a.account_id
            and case when s.is_lifted = 0 then s.cause in ('opt_out', 'complaint') or s.address in (a.phone, a.email) else s.cause = 'opt_out' end
    ) as suppressed,
    (
        select json_group_object(w.kind, w.value) from wish as w
        where w.bucket = a.bucket and w.account_id = a.account_id and w.value is not null
    ) as wishes
from json_each($1) as k
join account as a on a.bucket = k.value ->> 'bucket' and a.account_id = k.value ->> 'account_id'
left join touched as t on t.bucket = a.bucket and t.account_id = a.account_id
left join debt_class as judged
    on judged.bucket = a.bucket and judged.account_id = a.account_id and judged.source = 'rules'
    and judged.expires_on >= $2
left join debt_class as told
    on told.bucket = a.bucket and told.account_id = a.account_id and told.source = 'staff'
    and told.expires_on >= $2
left join estimate as e
    on e.bucket = a.bucket and e.account_id = a.account_id and e.expires_on >= $2
left join watch as w
    on w.bucket = a.bucket and w.account_id = a.account_id and w.until_on >= $2
