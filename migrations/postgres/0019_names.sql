-- People look accounts up by how a name begins.
create index account_by_name on account (lower(name) text_pattern_ops);
