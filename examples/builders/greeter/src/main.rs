//! Greets whoever connects to a port, 7000 if none is given.
use std::io::Write;
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1);
    let port = port.and_then(|port| port.parse().ok()).unwrap_or(7000);
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("greeting on port {port}");
    for stream in listener.incoming() {
        // Who leaves before the greeting does not get it.
        let _ = stream.and_then(|mut stream| stream.write_all(b"hello from a Rust program\n"));
    }
    Ok(())
}
