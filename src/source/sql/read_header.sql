-- Whose file it is, which version of the tables it has, and how many there are.
select application_id, user_version, (select count(*) from sqlite_schema)
from pragma_application_id, pragma_user_version
