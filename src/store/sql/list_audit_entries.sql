-- Up to $5 entries of the audit trail before number $1, the newest first; of
-- person $2, act $3 and about $4, where these are not empty.
select e.seq, e.at, e.by_whom, e.through, e.act, e.about, e.details, e.previous, e.digest
from audit_entry as e
where e.seq < $1
    and ($2 = '' or e.by_whom = $2)
    and ($3 = '' or e.act = $3)
    and ($4 = '' or e.about = $4)
order by e.seq desc
limit $5 + 0
