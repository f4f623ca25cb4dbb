//! A PostgreSQL server of the tests' own, one for the whole run, with a
//! database of its own for each test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

struct Server {
    port: u16,
    /// The server stops when our end of its standard input closes, at the end
    /// of the tests.
    _script: Child,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

#[allow(clippy::zombie_processes, reason = "the server ends with the tests, as its input does")]
fn server() -> &'static Server {
    SERVER.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers/postgres.sh");
        let mut child = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script that starts PostgreSQL runs");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse();
        let port = port.unwrap_or_else(|_| panic!("no PostgreSQL: apt-get install postgresql"));
        Server { port, _script: child }
    })
}

/// The URL of a new, empty database.
pub async fn database() -> String {
    let server = server();
    let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let url = |name: &str| format!("postgres://duebell@127.0.0.1:{}/{name}", server.port);
    let mut connection = PgConnection::connect(&url("postgres")).await.unwrap();
    connection.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
    connection.close().await.unwrap();
    url(&name)
}
