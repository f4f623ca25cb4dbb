-- Which of the account ids in $1, a JSON array, exist.
select id from account where id in (select value from json_each($1))
