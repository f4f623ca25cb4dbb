-- Where an account is served: a moratorium holds for a place, an outage is one.
alter table account add column area text not null default '';
