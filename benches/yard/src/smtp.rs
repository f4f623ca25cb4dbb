//! A mail server that takes everything and keeps nothing.

use std::cell::Cell;
use std::io::Write as _;
use std::rc::Rc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use crate::usage::{cpu_s, rounded};

#[derive(clap::Args)]
pub struct Args {
    /// 0 for one that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Does not offer PIPELINING
    #[arg(long)]
    without_pipelining: bool,
}

#[derive(Default)]
struct Counts {
    messages: Cell<u64>,
    connections: Cell<u64>,
    bytes: Cell<u64>,
}

const GREETING: &[u8] = b"220 sink.example.net ready\r\n";
const END: &[u8] = b"\r\n.\r\n";

pub async fn run(args: Args) -> crate::Outcome {
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
    println!("port {}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    let (counts, offers) = (Rc::new(Counts::default()), !args.without_pipelining);
    let mut stop = signal(SignalKind::terminate())?;
    let serve = async {
        loop {
            let (stream, _) = tokio::select! {
                accepted = listener.accept() => accepted?,
                _ = stop.recv() => break,
            };
            stream.set_nodelay(true)?;
            counts.connections.set(counts.connections.get() + 1);
            let counts = counts.clone();
            // A client that hangs up is no news.
            tokio::task::spawn_local(async move { converse(stream, offers, &counts).await.ok() });
        }
        crate::Outcome::Ok(())
    };
    LocalSet::new().run_until(serve).await?;
    let messages = counts.messages.get();
    let line = json!({
        "messages": messages,
        "connections": counts.connections.get(),
        "bytes": counts.bytes.get(),
        "cpu_s_per_1000": rounded(cpu_s() / messages.max(1) as f64 * 1000.0, 5),
    });
    println!("{line}");
    Ok(())
}

/// Answers commands as they come; several that came in one piece are answered
/// in one.
async fn converse(mut stream: TcpStream, offers: bool, counts: &Counts) -> std::io::Result<()> {
    let (mut buffer, mut answer) = (Vec::with_capacity(8192), Vec::new());
    stream.write_all(GREETING).await?;
    let mut is_content = false;
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        answer.clear();
        let mut used = 0;
        loop {
            let rest = &buffer[used..];
            if is_content {
                let Some(end) = rest.windows(END.len()).position(|it| it == END) else { break };
                used += end + END.len();
                is_content = false;
                let number = counts.messages.get() + 1;
                counts.messages.set(number);
                counts.bytes.set(counts.bytes.get() + end as u64);
                write!(answer, "250 2.0.0 Ok: queued as Q{number}\r\n")?;
                continue;
            }
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
            let verb = rest[..end].get(..4).unwrap_or_default().to_ascii_uppercase();
            used += end + 1;
            match verb.as_slice() {
                b"EHLO" => {
                    answer.extend_from_slice(b"250-sink.example.net\r\n");
                    if offers {
                        answer.extend_from_slice(b"250-PIPELINING\r\n");
                    }
                    answer.extend_from_slice(b"250-8BITMIME\r\n250 SMTPUTF8\r\n");
                }
                b"DATA" => {
                    is_content = true;
                    answer.extend_from_slice(b"354 go ahead\r\n");
                }
                b"QUIT" => {
                    answer.extend_from_slice(b"221 2.0.0 bye\r\n");
                    return stream.write_all(&answer).await;
                }
                b"MAIL" | b"RCPT" | b"RSET" | b"NOOP" => {
                    answer.extend_from_slice(b"250 2.0.0 Ok\r\n");
                }
                _ => answer.extend_from_slice(b"500 5.5.2 what?\r\n"),
            }
        }
        buffer.drain(..used);
        if !answer.is_empty() {
            stream.write_all(&answer).await?;
        }
    }
}
