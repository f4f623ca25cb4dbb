-- Which of the bill ids in $1, a JSON array, exist.
select id from bill where id in (select value from json_each($1))
