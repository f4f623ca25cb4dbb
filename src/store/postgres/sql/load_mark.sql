-- How far $1 came.
select at from mark where name = $1
