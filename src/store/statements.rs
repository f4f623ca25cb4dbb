//! Every statement by the name of its file, and the schema's migrations.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::engine::{BETWEEN_LOOKS, Engine, LOOKS, Statement};

/// What stands in for a statement that SQLite has no use for: it prepares, and
/// fails when it is run.
const ON_THE_SERVER_ALONE: &str = "select json('a statement for PostgreSQL alone')";

/// Embeds the files: those of `shared` once, those of `twins` from both
/// engines' folders, those of `served` from PostgreSQL's. Lists them all, so
/// that a test can prepare every statement against a migrated database.
macro_rules! statements {
    (twins: $($twin:ident),* ; shared: $($shared:ident),* ; served: $($served:ident),* $(;)?) => {
        #[allow(non_upper_case_globals, reason = "a constant is named after its file")]
        pub mod sql {
            use super::Statement;
            $(pub const $twin: Statement = Statement {
                name: stringify!($twin),
                postgres: include_str!(concat!("postgres/sql/", stringify!($twin), ".sql")),
                sqlite: include_str!(concat!("sqlite/sql/", stringify!($twin), ".sql")),
            };)*
            $(pub const $shared: Statement = Statement {
                name: stringify!($shared),
                postgres: include_str!(concat!("sql/", stringify!($shared), ".sql")),
                sqlite: include_str!(concat!("sql/", stringify!($shared), ".sql")),
            };)*
            $(pub const $served: Statement = Statement {
                name: stringify!($served),
                postgres: include_str!(concat!("postgres/sql/", stringify!($served), ".sql")),
                sqlite: super::ON_THE_SERVER_ALONE,
            };)*
        }
        pub const STATEMENTS: &[Statement] =
            &[$(sql::$twin,)* $(sql::$shared,)* $(sql::$served,)*];
    };
}

statements! {
    twins:
        find_known_accounts, find_known_bills, find_known_payments, find_known_holds,
        merge_accounts, merge_bills, merge_payments, merge_holds, touch, clear_rejects, put_rejects, set_feed, load_feed, touch_feed,
        count_held, find_candidates, load_accounts, load_bills, load_holds, load_pending,
        load_sent, load_in_hand, load_recorded, load_cases, load_history, insert_reminders,
        put_why_not, close_why_not, end_cases, open_cases, put_flags, untouch, set_planned,
        put_policy, load_due, load_retries, load_due_bills, take_submissions, take_items,
        release_days, release_items, insert_attempts, insert_ends, reopen_steps, look_again, load_standing,
        load_waiting, load_untold, load_missed, load_orphans, find_moved, put_control, load_mark, put_mark,
        list_feeds, keep_receipts, load_unsettled, mark_receipts, forget_receipts,
        forget_reminders, forget_transitions, forget_submissions, forget_items, forget_why_not,
        forget_cases, keep_replies, load_replies, find_reminded, find_at_address, put_suppressions,
        put_wishes, settle_replies, list_replies, end_reply, add_reply, forget_replies, insert_parts,
        count_contacts, put_contacts, release_accounts, release_numbers, forget_contacts,
        put_holds, load_placed_holds, load_holds_over, end_holds, lift_hold, forget_holds,
        list_moratoriums, put_moratorium, lift_moratorium, put_proofs, forget_proofs,
        park_receipts, load_parked, load_parts, mark_parts,
        put_off_parked, drop_parked, forget_parts,
        load_dossier_bills, load_dossier_holds, load_dossier_sent, find_to_judge, load_classes,
        put_classes, drop_classes, set_assessed, put_tasks, end_task, load_tasks, count_tasks_due,
        find_known_evidence, merge_evidence, leave_evidence, load_evidence, forget_evidence,
        put_outages, load_outages, forget_outages, lock_audit_head, put_audit_entry,
        count_day, count_tasks, count_open_reasons, count_new_codes, list_held, find_accounts,
        load_case_accounts, load_case_bills, load_case_payments, load_case_holds, load_case_flags,
        load_case_notices, load_case_restrictions, find_cases, weigh_cases, cure_cases, close_case,
        assign_task, load_proposals, load_open_proposals, put_proposals, decide_proposal,
        lapse_proposals, put_advice, load_advice_due, take_advice, end_advice, put_off_advice,
        put_watched, list_watched, find_departing, load_departures, put_departures,
        end_departures, list_departures, count_departures, load_estimates, put_estimates, find_falling_due, put_spared, forget_spared,
        put_person, reset_person, disable_person, put_session, see_session, show_session, forget_sessions,
        take_try, put_try, forget_tries, put_consents, add_tallies, load_tallies, forget_tallies,
        put_experiment, approve_experiment, stop_experiment, put_entries, tally_experiment
    ;
    shared:
        find_awaited, find_bucket, reread_feed, load_policies, load_planned, load_control, drop_control,
        count_states, count_sent, count_why_not, count_languages, list_sent, list_flags, list_rejects,
        list_account_bills, list_bucket_bills, list_account_attempts, list_account_why_not, load_flag,
        list_account_replies, list_account_notices, list_suppressions, list_consents, list_wishes, list_holds,
        load_assessed, list_experiments, list_tasks, move_audit_head, list_audit_entries, walk_audit_entries,
        count_spared, set_departure_code, list_work, find_task, find_proposal, list_cases, list_advice,
        find_person, list_people, set_roles, set_language, rehash_password,
        set_factor, use_step, set_recovery, load_session, list_sessions, end_session, end_sessions, drop_try, set_password
    ;
    served:
        lock_contacts, announce_daemon, count_daemons, renew_leases, take_leases, hold_leases, release_leases,
        release_daemon, be_brief, make_partition, drop_partition
    ;
}

const POSTGRES: &[(i64, &str, &str)] = &[
    (1, "ledger and outbox", include_str!("../../migrations/postgres/0001_ledger_and_outbox.sql")),
    (2, "statistics", include_str!("../../migrations/postgres/0002_statistics.sql")),
    (3, "bucket leases", include_str!("../../migrations/postgres/0003_bucket_leases.sql")),
    (4, "receipt inbox", include_str!("../../migrations/postgres/0004_receipt_inbox.sql")),
    (5, "tables that last", include_str!("../../migrations/postgres/0005_tables_that_last.sql")),
    (
        6,
        "replies and suppressions",
        include_str!("../../migrations/postgres/0006_replies_and_suppressions.sql"),
    ),
    (7, "message parts", include_str!("../../migrations/postgres/0007_message_parts.sql")),
    (8, "placed holds", include_str!("../../migrations/postgres/0008_placed_holds.sql")),
    (9, "contacts", include_str!("../../migrations/postgres/0009_contacts.sql")),
    (10, "wishes", include_str!("../../migrations/postgres/0010_wishes.sql")),
    (11, "areas", include_str!("../../migrations/postgres/0011_areas.sql")),
    (12, "moratoriums", include_str!("../../migrations/postgres/0012_moratoriums.sql")),
    (13, "notices", include_str!("../../migrations/postgres/0013_notices.sql")),
    (14, "evidence", include_str!("../../migrations/postgres/0014_evidence.sql")),
    (
        15,
        "debt classes and tasks",
        include_str!("../../migrations/postgres/0015_debt_classes_and_tasks.sql"),
    ),
    (16, "audit trail", include_str!("../../migrations/postgres/0016_audit_trail.sql")),
    (17, "people", include_str!("../../migrations/postgres/0017_people.sql")),
    (18, "reviews", include_str!("../../migrations/postgres/0018_reviews.sql")),
    (19, "names", include_str!("../../migrations/postgres/0019_names.sql")),
    (
        21,
        "the subscribers' say",
        include_str!("../../migrations/postgres/0021_the_subscribers_say.sql"),
    ),
    (
        22,
        "estimates and departures",
        include_str!("../../migrations/postgres/0022_estimates_and_departures.sql"),
    ),
    (23, "contacts by key", include_str!("../../migrations/postgres/0023_contacts_by_key.sql")),
    (24, "experiments", include_str!("../../migrations/postgres/0024_experiments.sql")),
];
const SQLITE: &[(i64, &str, &str)] = &[
    (1, "ledger and outbox", include_str!("../../migrations/sqlite/0001_ledger_and_outbox.sql")),
    (2, "statistics", include_str!("../../migrations/sqlite/0002_statistics.sql")),
    (3, "bucket leases", include_str!("../../migrations/sqlite/0003_bucket_leases.sql")),
    (4, "receipt inbox", include_str!("../../migrations/sqlite/0004_receipt_inbox.sql")),
    (5, "tables that last", include_str!("../../migrations/sqlite/0005_tables_that_last.sql")),
    (
        6,
        "replies and suppressions",
        include_str!("../../migrations/sqlite/0006_replies_and_suppressions.sql"),
    ),
    (7, "message parts", include_str!("../../migrations/sqlite/0007_message_parts.sql")),
    (8, "placed holds", include_str!("../../migrations/sqlite/0008_placed_holds.sql")),
    (9, "contacts", include_str!("../../migrations/sqlite/0009_contacts.sql")),
    (10, "wishes", include_str!("../../migrations/sqlite/0010_wishes.sql")),
    (11, "areas", include_str!("../../migrations/sqlite/0011_areas.sql")),
    (12, "moratoriums", include_str!("../../migrations/sqlite/0012_moratoriums.sql")),
    (13, "notices", include_str!("../../migrations/sqlite/0013_notices.sql")),
    (14, "evidence", include_str!("../../migrations/sqlite/0014_evidence.sql")),
    (
        15,
        "debt classes and tasks",
        include_str!("../../migrations/sqlite/0015_debt_classes_and_tasks.sql"),
    ),
    (16, "audit trail", include_str!("../../migrations/sqlite/0016_audit_trail.sql")),
    (17, "people", include_str!("../../migrations/sqlite/0017_people.sql")),
    (18, "reviews", include_str!("../../migrations/sqlite/0018_reviews.sql")),
    (19, "names", include_str!("../../migrations/sqlite/0019_names.sql")),
    (
        21,
        "the subscribers' say",
        include_str!("../../migrations/sqlite/0021_the_subscribers_say.sql"),
    ),
    (
        22,
        "estimates and departures",
        include_str!("../../migrations/sqlite/0022_estimates_and_departures.sql"),
    ),
    (23, "contacts by key", include_str!("../../migrations/sqlite/0023_contacts_by_key.sql")),
    (24, "experiments", include_str!("../../migrations/sqlite/0024_experiments.sql")),
];

/// Brings the schema up to date; what is applied already is left alone.
pub async fn migrate(engine: &Engine) -> Result<(), MigrateError> {
    match engine {
        Engine::Postgres(pool) => migrator(POSTGRES).run(pool).await,
        Engine::Sqlite(pool) => {
            // SQLite has no lock that outlasts a transaction: of two commands
            // that meet a new file, one finds the other's tables half-way.
            // Each migration is one transaction, so looking again is enough.
            let mut looks = 0;
            loop {
                match migrator(SQLITE).run(pool).await {
                    Err(MigrateError::ExecuteMigration(..) | MigrateError::Execute(_))
                        if looks < LOOKS =>
                    {
                        looks += 1;
                        tokio::time::sleep(BETWEEN_LOOKS).await;
                    }
                    done => return done,
                }
            }
        }
    }
}

fn migrator(files: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        let name = Cow::Borrowed(*name);
        Migration::new(*version, name, MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
}
