//! What goes wrong between every adapter and its peer: they are cut off at
//! every phase of an attempt, something else answers in the peer's place
//! (`answers`), and our secret is no longer good (`secrets`).
//!
//! What an adapter says is held against two witnesses: the line, which knows
//! what went over it, and the peer, which knows what it took whole. Deferred
//! means that the peer took nothing; what is deferred is sent again until
//! something else is said, and the peer has it once at most. Each attempt has
//! an address of its own, so that the peer can say which of them it took.

mod answers;
mod ground;
mod phases;
mod run;
mod secrets;
mod subjects;

/// A test for each adapter, by the name of its subject.
macro_rules! cut_everywhere {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                run::everywhere(&subjects::$name()).await;
            }
        )*
    };
}

cut_everywhere!(
    aliyun,
    asterisk,
    aws_eum,
    aws_ses,
    http,
    infobip,
    kannel,
    smpp,
    smpp_encrypted,
    smtp,
    smtp_encrypted,
    smtp_starttls,
    twilio,
);
