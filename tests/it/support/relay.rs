//! A stretch of network that can be cut: bytes stop where they are, and no
//! connection is closed, as when a cable is pulled.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub struct Relay {
    pub port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Relay {
    /// Carries connections to `port` on this machine.
    pub fn to(port: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay { port: listener.local_addr().unwrap().port(), is_cut: Arc::default() };
        let is_cut = relay.is_cut.clone();
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (Ok(near), Ok(far)) = (near, TcpStream::connect(("127.0.0.1", port))) else {
                    return;
                };
                for (from, into) in [(&near, &far), (&far, &near)] {
                    let (from, into) = (from.try_clone().unwrap(), into.try_clone().unwrap());
                    let is_cut = is_cut.clone();
                    std::thread::spawn(move || carry(from, into, &is_cut));
                }
            }
        });
        relay
    }

    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

/// Until either end hangs up.
fn carry(mut from: TcpStream, mut into: TcpStream, is_cut: &AtomicBool) {
    let _ = into.set_nodelay(true);
    let mut bytes = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        while is_cut.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if into.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(std::net::Shutdown::Both);
}
