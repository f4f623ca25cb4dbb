-- What account $1 wishes, kind by kind; what was taken back included.
select w.kind, w.value, w.said_at, w.source
from account as a
join wish as w on w.bucket = a.bucket and w.account_id = a.account_id
where a.account_id = $1
order by w.kind
