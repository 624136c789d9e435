//! Sockets that were open before the gate was: who connects meanwhile waits and is served.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crate::common::{Gate, House, Platform};

/// The gate, started as a service manager starts it with one socket.
fn serve(house: &House, socket: &TcpListener, name: &str) -> Gate {
    // The only way to hand a descriptor over without unsafe code: as standard input, moved by a shell.
    let line = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", line, "sh", env!("CARGO_BIN_EXE_portcullis"), "serve", "--config"]);
    command.arg(house.config()).env("LISTEN_FDNAMES", name).env("NO_COLOR", "1");
    let socket: OwnedFd = socket.try_clone().unwrap().into();
    Gate::spawn_with(command, Stdio::from(socket))
}

fn ask(stream: &mut TcpStream, house: &House) {
    let request = format!(
        "GET /v21.0/me?fields=id HTTP/1.1\r\nhost: gate.test\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        house.key
    );
    stream.write_all(request.as_bytes()).unwrap();
}

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}

const OK: &str = "HTTP/1.1 200 OK";

#[test]
fn who_connects_while_one_gate_follows_another_is_served() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let socket = TcpListener::bind(house.public).unwrap();
    for _ in 0..2 {
        // Nobody serves yet, and nobody is refused.
        let mut early = TcpStream::connect(house.public).unwrap();
        ask(&mut early, &house);
        let mut gate = serve(&house, &socket, "public");
        gate.wait_for("serving").unwrap();
        assert_eq!(answer(early), OK);
        let mut late = TcpStream::connect(house.public).unwrap();
        ask(&mut late, &house);
        assert_eq!(answer(late), OK);
        assert_eq!(gate.terminate(), Some(0));
    }
}

#[test]
fn a_socket_is_taken_by_its_name_and_none_is_left_alone() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = elsewhere.local_addr().unwrap();
    let stray = serve(&house, &elsewhere, "stray");
    stray.wait_for(&format!("`stray` at {at}")).unwrap();
    house.edit(
        "portcullis.yaml",
        &format!("  listen: {}\n", house.public),
        &format!("  listen: [{{ address: {}, socket: front }}]\n", house.public),
    );
    let nameless = serve(&house, &elsewhere, "");
    nameless.wait_for("no socket `front` was handed over").unwrap();
    let gate = serve(&house, &elsewhere, "front");
    gate.wait_for(&format!("serving partners on http://{at},")).unwrap();
    let mut stream = TcpStream::connect(at).unwrap();
    ask(&mut stream, &house);
    assert_eq!(answer(stream), OK);
    assert!(TcpStream::connect(house.public).is_err(), "only where it was handed over");
}
