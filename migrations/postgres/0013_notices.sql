-- What statutory notices said: written with the attempt, before it is made.
create table notice_proof (
    bucket           smallint not null,
    reminder_id      uuid not null,
    attempt          integer not null,
    account_id       text not null,
    day              date not null,
    -- Bills and steps, as JSON.
    items            text not null,
    channel          text not null,
    provider         text not null,
    -- E.164 or an e-mail address; a letter has none.
    address          text,
    language         text not null,
    template         text not null,
    template_version text not null,
    subject          text,
    body             text not null,
    submitted_at     timestamptz not null,
    primary key (bucket, reminder_id, attempt)
);
create index notice_proof_of_account on notice_proof (account_id);
