-- A made-up operator, of any size, in PostgreSQL. Variables of psql:
--   accounts   how many
--   bills      open bills of each account
--   due        accounts of which one bill is due in three days
--   due_other  further accounts of which one bill is due in two days
--   payments   how many, each for an old bill that it settled
--   today      the day that is planned
--
-- No other bill comes near a step of benches/scale/policy: it is due later
-- than any of them looks. So what a day comes to is known beforehand: one
-- reminder with one bill for each account that is due, and nothing else.
--
-- A stamp is two days old and more, and no two rows share one.

create table account (
    id         text collate "C" primary key,
    name       text not null,
    language   text not null,
    zone       text not null,
    segment    text not null,
    phone      text not null,
    email      text not null,
    changed_at timestamp not null
);

create table bill (
    id         text collate "C" primary key,
    account_id text collate "C" not null,
    amount     bigint not null,
    remaining  bigint not null,
    issued_on  date not null,
    due_on     date not null,
    settled_on date,
    changed_at timestamp not null
);

create table payment (
    id         text collate "C" primary key,
    account_id text collate "C" not null,
    bill_id    text collate "C" not null,
    amount     bigint not null,
    paid_on    date not null,
    changed_at timestamp not null
);

insert into account
select
    'A' || lpad(n::text, 9, '0'),
    (array['Ada Lovelace', 'Zoe Müller', 'Kofi Mensah', 'Li Wei', 'Ana Sousa'])[1 + n % 5],
    (array['en', 'de', 'fr', 'es', 'pt'])[1 + n % 5],
    -- Where the day that is planned has always begun.
    'Pacific/Kiritimati',
    (array['prepaid', 'postpaid', 'business'])[1 + n % 3],
    '+49151' || lpad((n % 100000000)::text, 8, '0'),
    'a' || n || '@example.net',
    :'today'::timestamp - interval '3 days' + n * interval '10 microseconds'
from generate_series(1, :accounts) as n;

-- The first bill of an account is the one that may be due; ids are spread, so
-- that what is due lies all over the table.
insert into bill
select
    'B' || lpad(n::text, 11, '0'),
    'A' || lpad(account::text, 9, '0'),
    cents,
    cents,
    due_on - 34,
    due_on,
    null,
    :'today'::timestamp - interval '3 days' + n * interval '10 microseconds'
from (
    select
        n,
        account,
        1000 + (n * 7919) % 9000 as cents,
        case
            when n <= :accounts and rank < :due then :'today'::date + 3
            when n <= :accounts and rank < :due + :due_other then :'today'::date + 2
            else :'today'::date + 5 + (n % 28)::integer
        end as due_on
    from (
        select
            n,
            1 + (n - 1) % :accounts as account,
            -- A walk through all accounts in steps that share no divisor with
            -- any round number of them.
            ((n - 1) % :accounts * 7368787) % :accounts as rank
        from generate_series(1, :accounts::bigint * :bills) as n
    ) as numbered
) as dated;

insert into bill
select
    'P' || lpad(n::text, 11, '0'),
    'A' || lpad((1 + (n - 1) % :accounts)::text, 9, '0'),
    5000,
    0,
    :'today'::date - 64,
    :'today'::date - 30,
    :'today'::date - 32,
    :'today'::timestamp - interval '2 days' + n * interval '10 microseconds'
from generate_series(1, :payments) as n;

insert into payment
select
    'X' || lpad(n::text, 11, '0'),
    'A' || lpad((1 + (n - 1) % :accounts)::text, 9, '0'),
    'P' || lpad(n::text, 11, '0'),
    5000,
    :'today'::date - 32,
    :'today'::timestamp - interval '2 days' + n * interval '10 microseconds'
from generate_series(1, :payments) as n;

create index account_changed on account (changed_at, id);
create index bill_changed on bill (changed_at, id);
create index payment_changed on payment (changed_at, id);
analyze account, bill, payment;
