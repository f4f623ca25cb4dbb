-- Accounts that went from $1 on and before $2, by code and how they went: how many,
-- how many were offered a way back, and how many are back.
select
    d.code, d.how, count(*) as n,
    count(*) filter (where d.offered_on is not null) as offered,
    count(*) filter (where d.back_on is not null) as back
from departure as d
where d.left_on >= $1::date and d.left_on < $2::date
group by d.code, d.how
order by n desc, d.code, d.how
