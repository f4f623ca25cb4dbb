-- Up to $1 rows set aside whose account has come since.
select j.feed, j.row_id, j.raw
from reject as j
join account as a on a.account_id = j.awaits_account
where j.awaits_account is not null
order by j.feed, j.row_id
limit $1 + 0
