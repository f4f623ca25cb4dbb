-- Accounts per language.
select language, count(*) as n
from account
group by language
order by language
