-- How far $1 came.
select at as at from mark where name = $1
