-- What is estimated of accounts, whom early warning names, and who left.

alter table task drop constraint task_kind_check;
alter table task add constraint task_kind_check check (
    kind in ('care_call', 'key_call', 'review', 'contact_data', 'arrangement', 'concern', 'win_back')
);

-- What an account is worth, how it pays and what contacts may cost.
create table estimate (
    bucket     smallint not null,
    account_id text not null,
    -- As JSON.
    body       text not null,
    -- The last day on which it is acted upon.
    expires_on date not null,
    primary key (bucket, account_id)
);

-- Steps that were kept back because the subscriber pays alone.
create table spared (
    bucket     smallint not null,
    bill_id    text not null,
    step       text not null,
    account_id text not null,
    day        date not null,
    primary key (bucket, bill_id, step)
);

-- The watch list: what was seen before anything was overdue, the last time.
create table watch (
    bucket     smallint not null,
    account_id text not null,
    watched_on date not null,
    -- The last day on which a friendly word may follow.
    until_on   date not null,
    weight     integer not null,
    -- A friendly word is asked for; else care looks at it.
    is_gentle  boolean not null,
    -- As JSON, the weightiest first.
    warnings   text not null,
    primary key (bucket, account_id)
);
create index watch_of_day on watch (watched_on);

-- Accounts that left or were barred, each with a code for why.
create table departure (
    bucket        smallint not null,
    account_id    text not null,
    left_on       date not null,
    how           text not null check (how in ('left', 'barred')),
    code          text not null,
    -- What the code was told from, in words.
    says          text not null,
    class         text not null,
    tier          text not null,
    attributed_on date not null,
    -- Where staff chose the code; the rules leave it alone then.
    set_by        text,
    -- A way back was offered on this day, once.
    offered_on    date,
    -- It is with us again since.
    back_on       date,
    primary key (bucket, account_id, left_on, how)
);
create index departure_of_day on departure (left_on);
