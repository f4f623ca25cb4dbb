-- Every switch.
select name, value from control
