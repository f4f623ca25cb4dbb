//! Foreign billing databases, mapped by SQL files and read by the daemon's own
//! code: what their operators get wrong, and what their data does.

mod examples;
mod foreign;
mod opening;
mod reading;
mod rows;

/// Runs each case over a foreign schema on both engines, as `<case>::sqlite`
/// and `<case>::postgres`.
macro_rules! on_each_database {
    ($($case:ident),* $(,)?) => {
        $(mod $case {
            #[tokio::test]
            async fn sqlite() {
                super::$case(crate::source::foreign::Foreign::on_sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$case(crate::source::foreign::Foreign::on_postgres().await).await;
            }
        })*
    };
}
use on_each_database;
