-- Up to $2 entries of the audit trail from number $1 on, in order, each with
-- where the trail ended at that moment; that alone where there are none.
select
    e.seq, e.at, e.by_whom, e.through, e.act, e.about, e.details, e.previous, e.digest,
    h.seq as head_seq, h.digest as head_digest
from (select 1 as one) as o
left join audit_head as h on h.one = o.one
left join (
    select a.seq, a.at, a.by_whom, a.through, a.act, a.about, a.details, a.previous, a.digest
    from audit_entry as a
    where a.seq >= $1
    order by a.seq
    limit $2 + 0
) as e on true
order by e.seq
