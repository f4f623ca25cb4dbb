//! A MariaDB server of the tests' own, one for the whole run, with a database
//! of its own for each test.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};

use super::server::Server;

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The password of the user in every URL, as `mariadb.sh` sets it.
pub const PASSWORD: &str = "a secret";

/// The URL of a new, empty database.
pub async fn database() -> String {
    let server = SERVER
        .get_or_init(|| Server::start("mariadb.sh", "mariadb-server-core mariadb-client-core"));
    let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let url = |name: &str| format!("mysql://duebell:a%20secret@127.0.0.1:{}/{name}", server.port);
    let mut connection = MySqlConnection::connect(&url("")).await.unwrap();
    let create = format!("create database {name} character set utf8mb4");
    connection.execute(AssertSqlSafe(create)).await.unwrap();
    connection.close().await.unwrap();
    url(&name)
}
