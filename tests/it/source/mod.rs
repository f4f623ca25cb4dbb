//! Foreign billing databases, mapped by SQL files and read by the daemon's own
//! code: what their operators get wrong, and what their data does.

mod evidence;
mod examples;
mod foreign;
mod killed;
mod mariadb;
mod opening;
mod reading;
mod rows;

/// Runs each case over a foreign schema on each kind of database, as
/// `<case>::sqlite`, `<case>::postgres` and `<case>::mariadb`.
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

            #[tokio::test]
            async fn mariadb() {
                super::$case(crate::source::foreign::Foreign::on_mariadb().await).await;
            }
        })*
    };
}
use on_each_database;
