-- From version 1 of the billing tables to version 2: where accounts are served.
alter table account add column area text;
pragma user_version = 2;
