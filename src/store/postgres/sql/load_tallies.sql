-- What each day from $1 on came to.
select t.day, t.sign, sum(t.n)::bigint as n from tally as t
where t.day >= $1::date
group by t.day, t.sign
order by t.day, t.sign
