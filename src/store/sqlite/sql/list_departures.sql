-- Accounts that went from $1 on, with code $2 or, where that is empty, any; the
-- latest first, up to $3.
select
    d.account_id, d.left_on, d.how, d.code, d.says, d.class, d.tier, d.attributed_on, d.set_by, d.offered_on, d.back_on
from departure as d
where d.left_on >= $1 and ($2 = '' or d.code = $2)
order by d.left_on desc, d.account_id, d.how
limit $3 + 0
